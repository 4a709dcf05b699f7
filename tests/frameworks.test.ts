/** The v1 API is open to others: a framework from npm, and the orchestrator itself over nothing but HTTP. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorCode } from '@stadion/base';
import { freePort } from './support/free-port.ts';
import { demoApp } from './support/apps.ts';
import { PlainFramework } from './support/plain-framework.ts';
import { SecondAgent } from './support/second-agent.ts';
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

it.skipIf((process.env['STADION_MISSING_PARTS'] ?? '').split(',').includes('python3'))(
  'finds the scheduler API as Mesos has it, in plain Python with RecordIO and protobuf of its own',
  { timeout: 300_000 },
  async () => {
    const { hostname, port } = new URL(platform.addresses.master);
    const script = join(import.meta.dirname, 'peers', 'raw_framework.py');
    const child = spawn('python3', [script, hostname, port], { stdio: ['ignore', 'pipe', 'inherit'] });
    let told = '';
    child.stdout.on('data', (chunk: Buffer) => (told += chunk.toString()));
    await once(child, 'close');
    expect(told).toBe('as Mesos has it\n');
  },
);

describe('an executor of somebody else', { timeout: 90_000 }, () => {
  const CPUS = { name: 'cpus', type: 'SCALAR', scalar: { value: 0.1 } };
  const MEM = { name: 'mem', type: 'SCALAR', scalar: { value: 32 } };
  const executor = {
    type: 'CUSTOM',
    executor_id: { value: 'plain' },
    command: { value: `"${process.execPath}" "${join(import.meta.dirname, 'peers', 'plain-executor.mjs')}"` },
    resources: [CPUS, MEM],
  };

  it('written in plain Node runs tasks of a framework, and goes on when its agent is killed', async () => {
    const port = Number(await freePort());
    let agent = await SecondAgent.start(platform, port);
    const framework = await PlainFramework.subscribe(platform.addresses.master, {
      user: '',
      name: 'with-executor',
      failover_timeout: 60,
      checkpoint: true,
      capabilities: [{ type: 'PARTITION_AWARE' }],
    });
    try {
      const { slaves } = (await platform.ask('master', '/slaves')).body;
      const agent_id = { value: slaves.find((slave: { port: number }) => slave.port === port).id };
      const launch = async (...ids: string[]) => {
        const { id } = await framework.offerOf(agent_id.value);
        const task_infos = ids.map((value) => {
          return { name: value, task_id: { value }, agent_id, executor, resources: [CPUS, MEM] };
        });
        const operations = [{ type: 'LAUNCH', launch: { task_infos } }];
        expect(await framework.call({ type: 'ACCEPT', accept: { offer_ids: [id], operations } })).toBe(202);
      };
      const say = (text: string) => {
        const data = Buffer.from(text).toString('base64');
        const message = { agent_id, executor_id: executor.executor_id, data };
        return framework.call({ type: 'MESSAGE', message });
      };

      await launch('one', 'two');
      const pids = [await framework.heard('one', 'TASK_RUNNING'), await framework.heard('two', 'TASK_RUNNING')].map(
        ({ data }) => Buffer.from(data, 'base64').toString(),
      );
      expect(pids[0]).toBe(pids[1]);
      await say('hello');
      const [heard] = await waitFor('the executor answers', () => {
        const messages = framework.of('MESSAGE');
        return messages.length > 0 && messages;
      });
      expect(Buffer.from(heard.message.data, 'base64').toString()).toBe('you said hello');

      await say('finish one when alone');
      await say('did you hear');
      await waitFor('it has heard so', () => framework.of('MESSAGE').length === 2);
      await agent.kill();
      agent = await SecondAgent.start(platform, port);
      await framework.heard('one', 'TASK_FINISHED');
      expect(framework.statuses('two').map(({ state }) => state)).toEqual(['TASK_RUNNING']);

      await launch('three');
      const { data } = await framework.heard('three', 'TASK_RUNNING');
      expect(Buffer.from(data, 'base64').toString()).toBe(pids[0]);
      await framework.call({ type: 'KILL', kill: { task_id: { value: 'two' }, agent_id } });
      await framework.heard('two', 'TASK_KILLED');
      await framework.call({ type: 'SHUTDOWN', shutdown: { executor_id: executor.executor_id, agent_id } });
      await framework.heard('three', 'TASK_KILLED');
      const [failure] = await waitFor('its end is told', () => {
        const failures = framework.of('FAILURE');
        return failures.length > 0 && failures;
      });
      expect(failure.failure).toEqual({ agent_id, executor_id: executor.executor_id, status: 0 });
      await waitFor('nothing of it is charged any more', async () => {
        const { frameworks } = (await platform.ask('master', '/frameworks')).body;
        const own = frameworks.find(({ id }: { id: string }) => id === framework.id);
        return own.used_resources.cpus === 0;
      });
    } finally {
      await framework.call({ type: 'TEARDOWN' });
      framework.hangUp();
      await agent.stop();
    }
  });
});

describe('an app with an executor of its own', { timeout: 60_000 }, () => {
  it('is run by it, and its end is the end of both', async () => {
    const program = join(folder, 'an executor');
    const script = join(import.meta.dirname, 'peers', 'plain-executor.mjs');
    await writeFile(program, `#!/bin/sh\nexec "${process.execPath}" "${script}" "$@"\n`);
    const app = { id: '/executed', executor: program, cmd: 'of-the-app', cpus: 0.1, mem: 32, instances: 1 };
    await platform.change('POST', '/v2/apps', app);
    const [task] = await waitFor('its task runs', async () => {
      const { tasks } = (await platform.call('GET', '/v2/apps//executed/tasks')).body;
      return tasks[0]?.state === 'TASK_RUNNING' && tasks;
    });
    const executors = async () =>
      (await platform.ask('master', '/frameworks')).body.frameworks.flatMap(
        (each: { executors: object[] }) => each.executors,
      );
    expect(await executors()).toMatchObject([{ executor_id: `marathon-${task.id}`, type: 'CUSTOM' }]);
    await platform.change('DELETE', '/v2/apps//executed');
    await waitFor('its executor has ended', async () => (await executors()).length === 0);
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
