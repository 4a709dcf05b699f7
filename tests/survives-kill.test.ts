/** The promise of first light: the platform may die at any moment, and what runs keeps running. */
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TICKING, shellApp } from './support/apps.ts';
import { processesWith } from './support/processes.ts';
import { RunningPlatform, waitFor } from './support/running-platform.ts';

async function lastTick(sandbox: string): Promise<number> {
  const text = await readFile(join(sandbox, 'stdout'), 'utf8');
  return Number(/tick (\d+)\n[^\n]*$/.exec(text)?.[1] ?? 0);
}

describe('kill -9 of the platform', () => {
  let platform: RunningPlatform;
  beforeAll(async () => {
    platform = await RunningPlatform.start();
  });
  afterAll(async () => {
    await platform.dispose();
  });

  it('leaves tasks running, and a new platform takes the same ones over', async () => {
    expect(
      (await platform.call('POST', '/v2/apps', { id: '/ticking', cmd: TICKING, cpus: 0.01, mem: 16, instances: 3 }))
        .status,
    ).toBe(201);
    await platform.settled();
    const before = await platform.tasks('/ticking');
    expect(before.map((task) => task.state)).toEqual(['TASK_RUNNING', 'TASK_RUNNING', 'TASK_RUNNING']);
    const sandbox = await platform.sandboxOf(before[0]?.id ?? '');

    await platform.end('SIGKILL');
    const atDeath = await lastTick(sandbox);
    await waitFor('output goes on without the platform', async () => (await lastTick(sandbox)) > atDeath + 5);

    await platform.startAgain();
    await waitFor('the tasks are known again', async () => {
      const tasks = await platform.tasks('/ticking');
      return tasks.length === 3 && tasks.every((task) => task.state === 'TASK_RUNNING');
    });
    const after = await platform.tasks('/ticking');
    expect(after.map((task) => task.id).sort()).toEqual(before.map((task) => task.id).sort());
    const atReturn = await lastTick(sandbox);
    await waitFor('output still goes on', async () => (await lastTick(sandbox)) > atReturn + 5);
  });

  it('learns how a task ended while nobody watched', async () => {
    const cmd = 'echo $$ > pid; while [ ! -e end ]; do sleep 0.05; done; exit 7';
    await platform.call('POST', '/v2/apps', { id: '/ending', cmd, cpus: 0.01, mem: 16 });
    await platform.settled();
    const [task] = await platform.tasks('/ending');
    const sandbox = await platform.sandboxOf(task?.id ?? '');
    const pid = Number(await readFile(join(sandbox, 'pid'), 'utf8'));
    await platform.end('SIGKILL');
    await writeFile(join(sandbox, 'end'), '');
    await waitFor('the task has ended', () => {
      try {
        process.kill(pid, 0);
        return false;
      } catch {
        return true;
      }
    });
    await platform.startAgain();
    // The master may tell first, which does not know why.
    const failure = await waitFor('it is known why it failed', async () => {
      const { lastTaskFailure: last } = (await platform.call('GET', '/v2/apps/ending')).body.app;
      return last?.message.includes('7') && last;
    });
    expect(failure).toMatchObject({ taskId: task?.id, state: 'TASK_FAILED' });
    await platform.call('DELETE', '/v2/apps/ending');
    await platform.settled();
  });

  it('resumes a rolling deployment where it was', { timeout: 90_000 }, async () => {
    const app = {
      id: '/rolling',
      cmd: `echo $REVISION; ${TICKING}`,
      env: { REVISION: 'one' },
      cpus: 0.01,
      mem: 16,
      instances: 4,
      upgradeStrategy: { minimumHealthCapacity: 1, maximumOverCapacity: 0.25 },
      // Slow to become healthy, so that the kill comes in the middle.
      healthChecks: [
        { protocol: 'COMMAND', command: { value: 'test -e stdout' }, delaySeconds: 0, intervalSeconds: 1 },
      ],
    };
    await platform.call('POST', '/v2/apps', app);
    await platform.settled(60_000);
    await platform.call('PUT', '/v2/apps/rolling', { env: { REVISION: 'two' } });
    const { body: versions } = await platform.call('GET', '/v2/apps/rolling/versions');
    await waitFor('the first new instance is there', async () =>
      (await platform.call('GET', '/v2/apps/rolling?embed=app.tasks')).body.app.tasks.some(
        (task: { version?: string }) => task.version === versions.versions[0],
      ),
    );
    await platform.end('SIGKILL');
    await platform.startAgain();
    await platform.settled(60_000);
    const { body } = await platform.call('GET', '/v2/apps/rolling');
    expect(body.app.tasks).toHaveLength(4);
    for (const task of body.app.tasks) expect(task.version).toBe(body.app.version);
    expect(body.app.env).toEqual({ REVISION: 'two' });
  });

  it('replaces a task that the agent no longer knows, and leaves none of its processes', async () => {
    await platform.change('POST', '/v2/apps', shellApp('/forgotten', 'exec sleep 1000'));
    const [before] = await platform.tasks('/forgotten');
    const sandbox = await platform.sandboxOf(before?.id ?? '');
    expect(processesWith(`MESOS_SANDBOX=${sandbox}`)).not.toHaveLength(0);
    await platform.end('SIGKILL');
    const checkpoints = join(platform.dataDirectory, 'agent', 'meta', 'task');
    await writeFile(join(checkpoints, `${basename(sandbox)}.json`), '{"damaged":');
    await platform.startAgain();
    await waitFor('another task runs', async () =>
      (await platform.tasks('/forgotten')).some((task) => task.id !== before?.id && task.state === 'TASK_RUNNING'),
    );
    await waitFor('the old one is gone', () => processesWith(`MESOS_SANDBOX=${sandbox}`).length === 0);
  });
});
