/** The real command line against a real platform, the way a person uses it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoApp, shellApp } from './support/apps.ts';
import { processesOfApp, processesWith } from './support/processes.ts';
import { RunningPlatform, STADION, waitFor, type Finished } from './support/running-platform.ts';

const CHATTY =
  'echo "out $MESOS_TASK_ID"; echo "err $MESOS_TASK_ID" >&2; for i in 1 2 3 4 5; do echo "line $i"; done; exec sleep 1000';

describe('the command line', { timeout: 40_000 }, () => {
  let platform: RunningPlatform;
  beforeAll(async () => {
    platform = await RunningPlatform.start();
  });
  afterAll(async () => {
    await platform.dispose();
  });

  /** Runs a command that has to succeed. */
  async function ok(...words: string[]): Promise<string> {
    const finished = await platform.cli(...words);
    expect(finished, finished.stderr).toMatchObject({ code: 0 });
    return finished.stdout;
  }

  const json = async (...words: string[]) => JSON.parse(await ok(...words, '-o', 'json'));

  async function fails(code: number, ...words: string[]): Promise<Finished> {
    const finished = await platform.cli(...words);
    expect(finished.code, `${finished.stdout}${finished.stderr}`).toBe(code);
    return finished;
  }

  async function definition(name: string, app: object): Promise<string> {
    const path = join(platform.folder, name);
    await writeFile(path, JSON.stringify(app));
    return path;
  }

  it('says how the platform and the machine are', async () => {
    expect(await ok('status')).toMatch(/agent/i);
    expect(await json('status')).toMatchObject({ isWell: true, agents: { total: 1, active: 1 }, apps: { total: 0 } });
    const findings = await json('doctor');
    expect(findings.every((finding: { result: string }) => finding.result !== 'fail')).toBe(true);
    expect(findings.map((finding: { check: string }) => finding.check)).toEqual(
      expect.arrayContaining(['Node.js', 'disk space', 'orchestrator', 'master', 'agents', 'containerizer posix']),
    );
    expect(await ok('version')).toMatch(/\d+\.\d+\.\d+/);
    expect(await ok('node', 'list')).toContain('127.0.0.1');
    const [node] = await json('node', 'list');
    expect(await ok('node', 'show', node.id)).toContain(node.id);
  });

  it('leads an app through its whole life', async () => {
    const file = await definition('shop.json', shellApp('/shop', 'exec sleep 1000'));
    await ok('app', 'add', file);
    expect((await json('app', 'show', '/shop')).tasksRunning).toBe(1);
    const taken = await fails(1, 'app', 'add', file);
    expect(taken.stderr).toContain('stadion app update /shop');

    await ok('app', 'scale', '/shop', '2');
    expect(await json('app', 'show', '/shop')).toMatchObject({ instances: 2, tasksRunning: 2 });
    await ok('app', 'update', '/shop', 'env.COLOR=red', 'labels.team=blue');
    expect(await json('app', 'show', '/shop')).toMatchObject({ env: { COLOR: 'red' }, labels: { team: 'blue' } });

    const before = (await json('task', 'list')).map((task: { id: string }) => task.id);
    await ok('app', 'restart', '/shop');
    const after = (await json('task', 'list')).map((task: { id: string }) => task.id);
    expect(after).toHaveLength(2);
    expect(after.some((id: string) => before.includes(id))).toBe(false);

    await ok('task', 'kill', after[0]);
    await waitFor('the task is replaced', async () => {
      const { app } = (await platform.call('GET', '/v2/apps/shop')).body;
      return app.tasksRunning === 2 && !app.tasks.some((task: { id: string }) => task.id === after[0]);
    });

    await ok('app', 'suspend', '/shop');
    expect(await json('task', 'list')).toEqual([]);
    expect((await json('app', 'versions', '/shop')).length).toBeGreaterThanOrEqual(3);
    await ok('app', 'rollback', '/shop');
    expect(await json('app', 'show', '/shop')).toMatchObject({ instances: 2, tasksRunning: 2 });
    expect(await ok('app', 'list')).toContain('/shop');
    expect(await ok('app', 'why', '/shop')).toContain('/shop');

    await ok('app', 'remove', '/shop');
    expect(await json('app', 'list')).toEqual([]);
    expect(processesOfApp('/shop', platform)).toEqual([]);
  });

  it('binds roles and plans maintenance', async () => {
    await ok('role', 'quota', 'eng', '--limit', 'cpus=2,mem=512', '--guarantee', 'cpus=1');
    await ok('role', 'weight', 'eng', '2.5');
    const roleOf = async (name: string) =>
      (await json('role', 'list')).find((role: { name: string }) => role.name === name);
    expect(await roleOf('eng')).toMatchObject({
      weight: 2.5,
      quota: { limit: { cpus: 2, mem: 512 }, guarantee: { cpus: 1 } },
    });
    expect(await ok('role', 'list')).toMatch(/eng +2\.5 +cpus=1 +cpus=2 mem=512/);
    await ok('role', 'quota', 'eng', '--remove');
    expect((await roleOf('eng'))?.quota.limit ?? {}).toEqual({});
    expect((await fails(2, 'role', 'quota', 'eng', '--limit', 'memory=1')).stderr).toContain('mem=');
    await fails(2, 'role', 'quota', 'eng');
    expect((await fails(1, 'role', 'quota', 'eng', '--guarantee', 'cpus=100000')).stderr).not.toBe('');

    await ok('maintenance', 'add', '10.9.9.9', 'web-3', '--in', '2h', '--for', '30m');
    expect(await ok('maintenance', 'list')).toMatch(/web-3 +in (2h|1h 59m\S*) +30m/);
    await ok('maintenance', 'start', 'web-3');
    expect(await ok('maintenance', 'list')).toMatch(/web-3 +out of service/);
    expect((await json('maintenance', 'list')).down).toEqual(['web-3']);
    await ok('maintenance', 'stop', 'web-3');
    await ok('maintenance', 'remove', '10.9.9.9');
    await fails(2, 'maintenance', 'remove', '10.9.9.9');
    expect((await json('maintenance', 'list')).windows).toEqual([]);
  });

  it('says what is meant when a name is mistyped', async () => {
    await platform.change('POST', '/v2/apps', shellApp('/billing', 'exec sleep 1000'));
    expect((await fails(1, 'app', 'show', '/biling')).stderr).toMatch(/did you mean.*\/billing/i);
    expect((await fails(2, 'app', 'lst')).stderr).toMatch(/did you mean.*list/i);
    expect((await fails(2, 'app', 'scale', '/billing', 'many')).stderr).toMatch(/number/);
    await fails(2, 'app', 'list', '--colour');
    await platform.change('DELETE', '/v2/apps/billing');
  });

  it('watches a deployment to its end, and says by its exit code which it was', async () => {
    const app = demoApp('/watched');
    await ok('app', 'add', '--detach', await definition('watched.json', app));
    await ok('deploy', 'watch', '/watched');
    expect((await platform.call('GET', '/v2/apps/watched')).body.app.tasksHealthy).toBe(1);

    const never = [{ protocol: 'HTTP', path: '/nothing', portIndex: 1, gracePeriodSeconds: 60, intervalSeconds: 1 }];
    await platform.call('PUT', '/v2/apps/watched', { healthChecks: never });
    await fails(3, 'deploy', 'watch', '/watched', '--timeout', '1s');
    const [deployment] = await json('deploy', 'list');
    expect((await fails(1, 'app', 'scale', '/watched', '2')).stderr).toMatch(/--force/);

    const watching = platform.cli('deploy', 'watch', deployment.id, '--timeout', '30s');
    await ok('deploy', 'cancel', deployment.id);
    expect((await watching).code).toBe(1);
    await platform.settled();
    await platform.change('DELETE', '/v2/apps/watched');
  });

  it('shows logs: the last lines, both streams, of all instances, and what comes', async () => {
    await platform.change('POST', '/v2/apps', shellApp('/logs', CHATTY, { instances: 2 }));
    const [first, second] = await platform.tasks('/logs');
    await waitFor('both have written', async () => (await ok('logs', '/logs')).split('line 5').length === 3);
    const all = await ok('logs', '/logs');
    expect(all).toContain(`out ${first?.id ?? ''}`);
    expect(all).toContain(`out ${second?.id ?? ''}`);
    const one = await ok('logs', '-n', '2', first?.id ?? '');
    expect(one.split('\n').filter((line) => line !== '')).toEqual([
      expect.stringContaining('line 4'),
      expect.stringContaining('line 5'),
    ]);
    const errors = await ok('logs', '--stderr', '/logs');
    expect(errors).toContain(`err ${first?.id ?? ''}`);
    expect(errors).not.toContain('out ');

    await platform.change(
      'POST',
      '/v2/apps',
      shellApp('/ticks', 'i=0; while true; do i=$((i+1)); echo "tick $i"; sleep 0.05; done'),
    );
    const following = follow('logs', '-f', '-n', '1', '/ticks');
    await waitFor('new lines come', () => (following.output().match(/tick \d+/g) ?? []).length > 10);
    expect(await following.interrupt()).toBe(0);
    await platform.change('DELETE', '/v2/apps/ticks');
    await platform.change('DELETE', '/v2/apps/logs');
  });

  it('follows events', async () => {
    const following = follow('events', '-f', '-o', 'json');
    await waitFor('it listens', () => following.output().includes('event_stream_attached'));
    await platform.change('POST', '/v2/apps', shellApp('/eventful', 'exec sleep 1000'));
    await waitFor('the deployment is told', () => following.output().includes('deployment_success'));
    expect(await following.interrupt()).toBe(0);
    for (const line of following.output().trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('eventType');
    await platform.change('DELETE', '/v2/apps/eventful');
  });

  it('answers in the form that is asked for', async () => {
    await platform.change('POST', '/v2/apps', shellApp('/formed', 'exec sleep 1000', { labels: { text: 'a: b' } }));
    expect((await json('app', 'show', '/formed')).labels).toEqual({ text: 'a: b' });
    expect(await ok('app', 'show', '/formed', '-o', 'yaml')).toMatch(/^id: \/formed$/m);
    expect(await ok('app', 'list', '-q')).toBe('/formed\n');
    await fails(2, 'app', 'list', '-o', 'xml');
    await platform.change('DELETE', '/v2/apps/formed');
  });

  it('completes commands and names in every shell', async () => {
    for (const shell of ['bash', 'zsh', 'fish']) expect(await ok('completion', shell)).toContain('stadion');
    await fails(2, 'completion', 'tcsh');
  });

  it('says what to do when no platform answers', async () => {
    const finished = await fails(1, 'app', 'list', '--url', 'http://127.0.0.1:9');
    expect(finished.stderr).toMatch(/stadion up|--url/);
  });

  it('stops the platform and leaves tasks running, or ends them too, and keeps and brings back its state', async () => {
    await platform.change('POST', '/v2/apps', shellApp('/lasting', 'exec sleep 1000'));
    const sandbox = await platform.sandboxOf((await platform.tasks('/lasting'))[0]?.id ?? '');
    await ok('down', '--data-dir', platform.dataDirectory);
    await platform.end('SIGTERM');
    expect(processesWith(`MESOS_SANDBOX=${sandbox}\0`)).not.toEqual([]);
    const backup = join(platform.folder, 'state.backup');
    const there = ['--data-dir', platform.dataDirectory];
    const made = await ok('backup', 'create', backup, ...there);
    expect(await ok('backup', 'verify', backup)).toContain(/\d+ records/.exec(made)?.[0]);
    expect((await fails(1, 'backup', 'restore', backup, ...there)).stderr).toContain('--force');
    await ok('backup', 'restore', backup, '--force', ...there);
    await platform.startAgain();
    await waitFor('the task is known again', async () => {
      const [task] = await platform.tasks('/lasting');
      return task?.state === 'TASK_RUNNING';
    });
    await ok('down', '--tasks', '--data-dir', platform.dataDirectory);
    expect(processesWith(`MESOS_SANDBOX=${sandbox}\0`)).toEqual([]);
    expect((await fails(1, 'status', '--data-dir', platform.dataDirectory)).stderr).not.toBe('');
  });

  /** A command that runs until Ctrl-C. */
  function follow(...words: string[]): { output: () => string; interrupt: () => Promise<number | null> } {
    let output = '';
    const child = spawn(process.execPath, [STADION, ...words], {
      cwd: platform.folder,
      env: { ...process.env, STADION_URL: platform.addresses.orchestrator, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const closed = once(child, 'close');
    return {
      output: () => output,
      async interrupt() {
        child.kill('SIGINT');
        await closed;
        return child.exitCode;
      },
    };
  }
});
