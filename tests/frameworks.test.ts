/** The v1 API is open to others: a framework from npm, and the orchestrator itself over nothing but HTTP. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorCode } from '@stadion/base';
import { demoApp } from './support/apps.ts';
import { RunningPlatform, STADION, callJson, waitFor } from './support/running-platform.ts';

let platform: RunningPlatform;
let folder: string;

beforeAll(async () => {
  platform = await RunningPlatform.start();
  folder = await mkdtemp(join(tmpdir(), 'stadion frameworks '));
});

afterAll(async () => {
  await platform.dispose();
  await rm(folder, { recursive: true, force: true });
});

/** A process that ends with the test, and what it printed. */
function start(words: readonly string[]) {
  const child = spawn(process.execPath, words, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const told = { output: '' };
  child.stdout.on('data', (chunk: Buffer) => (told.output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (told.output += chunk.toString()));
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      resolve();
    });
  });
  return {
    told,
    end: async (signal: NodeJS.Signals) => {
      child.kill(signal);
      await ended;
    },
  };
}

const frameworkNamed = async (name: string) =>
  (await platform.ask('master', '/state')).body.frameworks.find(
    (framework: { name: string }) => framework.name === name,
  );

describe('a framework of somebody else', { timeout: 60_000 }, () => {
  it('written with mesos-framework from npm, subscribes, launches and hears of its tasks', async () => {
    const port = new URL(platform.addresses.master).port;
    const script = join(import.meta.dirname, 'peers', 'command-framework.mjs');
    const scheduler = start([script, port, 'from-npm']);
    try {
      const framework = await waitFor('both tasks run', async () => {
        const found = await frameworkNamed('from-npm');
        const running = (found?.tasks ?? []).filter((task: { state: string }) => task.state === 'TASK_RUNNING');
        return running.length === 2 ? found : undefined;
      });
      await waitFor('it has heard so, and said that it has', () =>
        ['"TASK_RUNNING"', '"sent_acknowledge"'].every((word) => scheduler.told.output.split(word).length > 2),
      );
      expect(scheduler.told.output).toContain('"subscribed"');
      expect(scheduler.told.output).not.toContain('"error"');
      const sandbox = await platform.sandboxOf(framework.tasks[0].id);
      await waitFor('its command has run with its environment', async () =>
        (await readFile(join(sandbox, 'stdout'), 'utf8')).includes('from elsewhere'),
      );
      const teardown = { type: 'TEARDOWN', teardown: { framework_id: { value: framework.id } } };
      expect((await callJson(`${platform.addresses.master}/api/v1`, 'POST', teardown)).status).toBe(200);
      await waitFor('it is gone', async () => (await frameworkNamed('from-npm')) === undefined);
    } finally {
      await scheduler.end('SIGKILL');
    }
  });
});

describe('stadion orchestrator --master', { timeout: 60_000 }, () => {
  const addressesFile = () => join(folder, 'addresses.json');
  const flags = () => [
    ...['orchestrator', '--master', platform.addresses.master, '--data-dir', join(folder, 'data')],
    ...['--orchestrator-port', '0', '--addresses-file', addressesFile(), '--drain-seconds', '0'],
  ];

  async function orchestratorUrl(): Promise<string> {
    const text = await waitFor('its API answers', () =>
      readFile(addressesFile(), 'utf8').catch((error: unknown) => {
        if (errorCode(error) === 'ENOENT') return undefined;
        throw error;
      }),
    );
    return JSON.parse(text).orchestrator;
  }

  it('runs apps on a cluster of others, and takes them over after a kill -9', async () => {
    const first = start([STADION, ...flags()]);
    let url = await orchestratorUrl();
    const app = async () => (await callJson(`${url}/v2/apps/far`)).body.app;
    expect((await callJson(`${url}/v2/apps`, 'POST', demoApp('/far', { instances: 2 }))).status).toBe(201);
    await waitFor('both instances are healthy', async () => (await app()).tasksHealthy === 2, 40_000);
    const ids = (await app()).tasks.map((task: { id: string }) => task.id).sort();
    // Its tasks are on the other's agent, and the other's own orchestrator knows nothing of them.
    expect((await platform.call('GET', '/v2/apps')).body.apps).toEqual([]);

    await first.end('SIGKILL');
    await rm(addressesFile());
    const second = start([STADION, ...flags()]);
    try {
      url = await orchestratorUrl();
      await waitFor('its tasks are its own again', async () => (await app()).tasksHealthy === 2, 40_000);
      expect((await app()).tasks.map((task: { id: string }) => task.id).sort()).toEqual(ids);
      expect((await callJson(`${url}/v2/apps/far`, 'DELETE')).status).toBe(200);
      await waitFor('they have ended', async () => {
        const { tasks } = (await platform.ask('master', '/tasks')).body;
        return !tasks.some(
          ({ id, state }: { id: string; state: string }) => ids.includes(id) && state === 'TASK_RUNNING',
        );
      });
    } finally {
      await second.end('SIGTERM');
    }
  });

  it('says what is missing when nobody says whose framework it is', async () => {
    const { code, stderr } = await platform.cli('orchestrator');
    expect(code).toBe(1);
    expect(stderr).toContain('--master http://10.0.0.1:5050');
  });
});
