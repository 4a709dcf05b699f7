/** Clients of Marathon that others have written, unmodified: from npm and from Debian. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from './support/free-port.ts';
import { shellApp } from './support/apps.ts';
import { RunningPlatform, callJson, run, waitFor } from './support/running-platform.ts';

const missing = (process.env.STADION_MISSING_PARTS ?? '').split(',');
const PEERS = join(import.meta.dirname, 'peers');

describe('a client of Marathon by somebody else', { timeout: 60_000 }, () => {
  let platform: RunningPlatform;
  let folder: string;
  beforeAll(async () => {
    platform = await RunningPlatform.start();
    folder = await mkdtemp(join(tmpdir(), 'stadion clients '));
  });
  afterAll(async () => {
    await platform.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  /** Runs a script to its end and gives what it told, by step. */
  async function told(program: string, script: string): Promise<Readonly<Record<string, unknown>>> {
    const finished = await run(program, [join(PEERS, script), platform.addresses.orchestrator]);
    expect(finished.code, finished.stderr).toBe(0);
    const lines = finished.stdout.trim().split('\n');
    return Object.fromEntries(lines.map((line) => JSON.parse(line)).map(({ step, answer }) => [step, answer]));
  }

  it('marathon-node and marathon-event-bus-client from npm deploy, scale, kill, group, undo and listen', async () => {
    expect(await told(process.execPath, 'marathon-node-client.mjs')).toEqual({
      ping: 'pong',
      info: 'marathon',
      leader: { leader: new URL(platform.addresses.orchestrator).host },
      create: '/node/web',
      scale: 2,
      list: 2,
      version: 1,
      kill: true,
      killed: true,
      tasks: true,
      conflict: [409, 'An app with id [/node/web] already exists.'],
      missing: [404, "App '/nobody' does not exist"],
      group: 2,
      groups: ['/node', '/node-group'],
      queue: '/node/huge',
      undone: 404,
      heard: ['deployment_info', 'deployment_success', 'instance_changed_event', 'status_update_event'],
      streamed: ['/node/huge', '/node/web'],
      done: true,
    });
  });

  it.skipIf(missing.includes('python3-marathon'))('marathon-python reads all its models and every event', async () => {
    expect(await told('/usr/bin/python3', 'marathon_python_client.py')).toEqual({
      ping: '"pong"',
      info: 'marathon',
      leader: ['leader'],
      metrics: true,
      create: ['/python/web', 1],
      list: ['/python/web', 1, 1],
      get: [1, true],
      update: 32,
      tasks: [2, true, 'IPv4'],
      'all tasks': true,
      kill: true,
      'kill given': true,
      version: 1,
      'rolled back': 1,
      groups: true,
      group: 2,
      conflict: [409, 'An app with id [/python/web] already exists.'],
      missing: [404, "App '/nobody' does not exist"],
      queue: ['/python/huge', true, true],
      deployment: [['/python/huge'], 'ScaleApplication'],
      events: expect.arrayContaining([
        ...['MarathonApiPostEvent', 'MarathonAppTerminatedEvent', 'MarathonDeploymentFailed', 'MarathonDeploymentInfo'],
        ...['MarathonDeploymentStepSuccess', 'MarathonDeploymentSuccess', 'MarathonEventStreamAttached'],
        ...['MarathonGroupChangeFailed', 'MarathonGroupChangeSuccess', 'MarathonInstanceChangedEvent'],
        'MarathonStatusUpdateEvent',
      ]),
      done: true,
    });
  });

  it.skipIf(missing.includes('prometheus'))('Prometheus discovers tasks, their ports and labels', async () => {
    const labels = { team: 'core' };
    const portDefinitions = [{ port: 0, name: 'http', labels: { metrics: 'yes' } }];
    await platform.change(
      'POST',
      '/v2/apps',
      shellApp('/shop/web', 'exec sleep 1000', { instances: 2, labels, portDefinitions }),
    );
    const port = await freePort();
    const config = join(folder, 'prometheus.yml');
    await writeFile(
      config,
      JSON.stringify({
        scrape_configs: [
          {
            job_name: 'marathon',
            metrics_path: '/nothing',
            marathon_sd_configs: [{ servers: [platform.addresses.orchestrator], refresh_interval: '1s' }],
          },
        ],
      }),
    );
    const prometheus = spawn(
      'prometheus',
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(folder, 'tsdb')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: 'ignore' },
    );
    const ended = new Promise((resolve) => prometheus.once('exit', resolve));
    try {
      const targets = await waitFor('it has found both tasks', async () => {
        const { body } = await callJson(`http://127.0.0.1:${port}/api/v1/targets`).catch(() => ({ body: undefined }));
        const found = body?.data?.activeTargets ?? [];
        return found.length === 2 ? found : undefined;
      });
      const tasks = await platform.tasks('/shop/web');
      const discovered = targets.map((target: { discoveredLabels: object }) => target.discoveredLabels);
      for (const { id, host, ports } of tasks) {
        expect(discovered).toContainEqual(
          expect.objectContaining({
            __address__: `${host}:${ports[0]}`,
            __meta_marathon_app: '/shop/web',
            __meta_marathon_app_label_team: 'core',
            __meta_marathon_port_definition_label_metrics: 'yes',
            __meta_marathon_port_index: '0',
            __meta_marathon_task: id,
          }),
        );
      }
    } finally {
      prometheus.kill('SIGTERM');
      await ended;
    }
  });
});
