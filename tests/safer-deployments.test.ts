/** Deployments as people asked for them, on a running platform: drains, canaries, pauses, roll backs, locks, plans, order. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@stadion/base/system';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shellApp } from './support/apps.ts';
import { EventRecorder } from './support/event-recorder.ts';
import { RunningPlatform, callJson, waitFor } from './support/running-platform.ts';

const SLEEP = 'exec sleep 1000';
/** Listens on its port and holds whoever comes. */
const SERVER = `exec "${process.execPath}" -e 'require("net").createServer().listen(process.env.PORT0, "127.0.0.1")'`;

describe('a deployment', { timeout: 60_000 }, () => {
  let platform: RunningPlatform;
  let folder: string;
  beforeAll(async () => {
    // Longer than any test waits: whatever goes sooner goes because nobody uses it.
    platform = await RunningPlatform.start(['--drain-seconds', '600']);
    folder = await mkdtemp(join(tmpdir(), 'stadion deployments '));
  });
  afterAll(async () => {
    await platform.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  const record = async (id: string) => (await platform.call('GET', `/v2/deployment-records/${id}`)).body;
  const running = async (id: string) =>
    (await platform.tasks(id)).filter(({ state }) => state === 'TASK_RUNNING').map((task) => task.id);
  const control = async (id: string, action: string) =>
    expect((await platform.call('POST', `/v2/deployments/${id}/${action}`)).status).toBe(200);
  /** A check that fails until a file is there. */
  const waitsFor = (file: string) => ({
    healthChecks: [
      {
        protocol: 'COMMAND',
        command: { value: `test -e "${join(folder, file)}"` },
        ...{ intervalSeconds: 1, delaySeconds: 0, maxConsecutiveFailures: 1000 },
      },
    ],
  });

  it('announces what is to go, takes it out of names, and ends it as soon as nobody is connected any more', async () => {
    const portDefinitions = [{ port: 0, name: 'main' }];
    await platform.change('POST', '/v2/apps', shellApp('/drains', SERVER, { instances: 3, portDefinitions }));
    const sockets = new Map<string, Socket>();
    for (const { id, ports } of await platform.tasks('/drains')) {
      sockets.set(id, await waitFor('it listens', () => connected(ports[0] ?? 0)));
    }
    const query = '?event_type=instance_serving_changed_event';
    const events = await EventRecorder.open(platform.addresses.orchestrator, query);
    const scaled = await platform.call('PUT', '/v2/apps/drains', { instances: 1 });
    const named = async (): Promise<number> => {
      const url = `${platform.addresses.dnsHttp}/v1/services/_drains._tcp.marathon.mesos`;
      return (await callJson(url)).body.filter(({ port }: { port: string }) => port !== '').length;
    };
    await waitFor('names show one', async () => (await named()) === 1);
    const { tasks } = (await platform.call('GET', '/v2/apps/drains/tasks?extensions=true')).body;
    const draining: string[] = tasks.flatMap((task: { id: string; draining: boolean }) =>
      task.draining ? [task.id] : [],
    );
    expect(draining).toHaveLength(2);
    expect(await running('/drains')).toHaveLength(3);
    const [first = '', second = ''] = draining;
    sockets.get(first)?.destroy();
    await waitFor('the one that nobody uses has gone', async () => !(await running('/drains')).includes(first));
    // The other one had the same time, and somebody who uses it.
    expect(await running('/drains')).toContain(second);
    expect((await record(scaled.body.deploymentId)).outcome).toBe('running');
    sockets.get(second)?.destroy();
    await platform.settled();
    const told = events.named('instance_serving_changed_event').filter(({ taskId }) => taskId === first);
    expect(told.map(({ reason }) => reason)).toEqual(['draining', 'killing']);
    expect(await record(scaled.body.deploymentId)).toMatchObject({
      outcome: 'success',
      by: expect.stringContaining('127.0.0.1'),
      changes: [{ app: '/drains', change: 'update', fields: [{ path: '/instances', before: '3', after: '1' }] }],
      failureCount: 0,
    });
    for (const socket of sockets.values()) socket.destroy();
    events.close();
  });

  it('waits with its canary until somebody promotes it', async () => {
    const bounds = { minimumHealthCapacity: 1, maximumOverCapacity: 1 };
    const app = shellApp('/canary', SLEEP, { instances: 3, upgradeStrategy: { ...bounds, canary: { instances: 1 } } });
    await platform.change('POST', '/v2/apps', app);
    const before = await running('/canary');
    const { deploymentId } = (await platform.call('PUT', '/v2/apps/canary', { env: { A: 'b' } })).body;
    await waitFor('the canary runs', async () => (await running('/canary')).some((id) => !before.includes(id)));
    expect((await record(deploymentId)).outcome).toBe('canary');
    expect((await running('/canary')).filter((id) => !before.includes(id))).toHaveLength(1);
    await control(deploymentId, 'promote');
    await platform.settled();
    expect((await running('/canary')).filter((id) => before.includes(id))).toEqual([]);
    expect((await record(deploymentId)).outcome).toBe('success');
  });

  it('does nothing while it is paused', async () => {
    await platform.change('POST', '/v2/apps', shellApp('/paused', SLEEP));
    const [old] = await running('/paused');
    const change = { env: { A: 'b' }, ...waitsFor('paused') };
    const { deploymentId } = (await platform.call('PUT', '/v2/apps/paused', change)).body;
    await waitFor('the new one runs', async () => (await running('/paused')).length === 2);
    await control(deploymentId, 'pause');
    await writeFile(join(folder, 'paused'), '');
    const healthy = async () => (await platform.call('GET', '/v2/apps/paused')).body.app.tasksHealthy;
    await waitFor('the new one is healthy', async () => (await healthy()) === 1);
    expect(await running('/paused')).toContain(old);
    expect((await record(deploymentId)).outcome).toBe('paused');
    await control(deploymentId, 'resume');
    await platform.settled();
    expect(await running('/paused')).not.toContain(old);
  });

  it('is taken back by itself when its new instances fail, and says what failed', async () => {
    const upgradeStrategy = { minimumHealthCapacity: 1, maximumOverCapacity: 1, rollback: { afterFailures: 2 } };
    await platform.change('POST', '/v2/apps', shellApp('/back', SLEEP, { backoffSeconds: 0, upgradeStrategy }));
    const { deploymentId } = (await platform.call('PUT', '/v2/apps/back', { cmd: 'exit 3', ...waitsFor('never') }))
      .body;
    await waitFor('it has failed', async () => (await record(deploymentId)).outcome === 'failed');
    await platform.settled();
    expect((await platform.call('GET', '/v2/apps/back')).body.app.cmd).toBe(SLEEP);
    expect(await running('/back')).toHaveLength(1);
    expect(await record(deploymentId)).toMatchObject({
      failureCount: 2,
      isRollBack: false,
      endedAt: expect.any(String),
    });
    const [undoing] = (await platform.call('GET', '/v2/deployment-records?app=/back')).body;
    expect(undoing).toMatchObject({ isRollBack: true, outcome: 'success', by: `roll back of ${deploymentId}` });
  });

  it('replaces a frozen instance and keeps it to be looked at', async () => {
    await platform.change('POST', '/v2/apps', shellApp('/frozen', SLEEP));
    const [sick = ''] = await running('/frozen');
    expect((await platform.call('POST', `/v2/apps/frozen/tasks/${sick}/freeze`)).status).toBe(200);
    await waitFor('another one runs', async () => (await running('/frozen')).length === 2);
    expect(await running('/frozen')).toContain(sick);
    await platform.call('DELETE', `/v2/apps/frozen/tasks/${sick}`);
    await waitFor('it is gone', async () => (await running('/frozen')).length === 1);
  });

  it('is held back by a lock and outside the windows of its group, unless that is overridden', async () => {
    await platform.change('POST', '/v2/apps', shellApp('/held/app', SLEEP, { instances: 0 }));
    const change = (query = '') => platform.call('PUT', `/v2/apps/held/app${query}`, { labels: { at: query } });
    const today = new Date(systemClock.now()).getUTCDay();
    const otherDays = [0, 1, 2, 3, 4, 5, 6].filter((day) => day !== today && day !== (today + 1) % 7);
    for (const policy of [
      { lock: { reason: 'the auditors are here' } },
      { windows: [{ days: otherDays, from: '00:00', to: '24:00' }] },
    ]) {
      expect((await platform.call('PUT', '/v2/policies/held', policy)).status).toBe(200);
      const refused = await change();
      expect(refused.status).toBe(423);
      expect(refused.body.message).toMatch(/auditors|may only be deployed to/);
      await platform.settled();
      expect((await change('?overridePolicy=true')).status).toBe(200);
      await platform.settled();
    }
    expect((await platform.call('DELETE', '/v2/policies/held')).status).toBe(204);
    expect((await change()).status).toBe(200);
    await platform.settled();
  });

  it('that was planned is what happens, or is refused', async () => {
    await platform.change('POST', '/v2/apps', shellApp('/planned', SLEEP, { instances: 0 }));
    const app = { id: '/planned', mem: 48 };
    const { body: plan } = await platform.call('POST', '/v2/plan', { app });
    expect(plan).toMatchObject({
      steps: [{ actions: [{ action: 'ScaleApplication', app: '/planned' }] }],
      changes: [{ app: '/planned', fields: [{ path: '/mem', before: '16', after: '48' }] }],
      fits: true,
    });
    await platform.change('PUT', '/v2/apps/planned', { labels: { a: 'b' } });
    const stale = await platform.call('PUT', `/v2/apps/planned?planToken=${plan.token}`, app);
    expect(stale.status).toBe(412);
    expect(stale.body).not.toHaveProperty('deployments');
    const { body: fresh } = await platform.call('POST', '/v2/plan', { app });
    expect((await platform.call('PUT', `/v2/apps/planned?planToken=${fresh.token}`, app)).status).toBe(200);
    await platform.settled();
  });

  it('of a group starts what others need first, and waits until it is well', async () => {
    const needed = { ...shellApp('db', SLEEP), ...waitsFor('db') };
    const needing = { ...shellApp('web', SLEEP), dependencies: ['db'] };
    const created = await platform.call('POST', '/v2/groups', { id: '/ordered', apps: [needing, needed] });
    expect(created.status).toBe(201);
    await waitFor('the first runs', async () => (await running('/ordered/db')).length === 1);
    expect((await platform.call('GET', '/v2/apps/ordered/web/tasks')).body.tasks).toEqual([]);
    const circle = await platform.call('PUT', '/v2/groups/ordered?force=true', {
      apps: [{ ...needed, dependencies: ['web'] }, needing],
    });
    expect(circle.status).toBe(422);
    await writeFile(join(folder, 'db'), '');
    await platform.settled();
    expect(await running('/ordered/web')).toHaveLength(1);
    await platform.change('DELETE', '/v2/groups/ordered');
    expect((await platform.call('GET', '/v2/groups/ordered')).status).toBe(404);
  });
});

/** A connection to a port of this machine, or undefined when nobody listens there. */
function connected(port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      resolve(socket);
    });
    socket.on('error', () => {
      resolve(undefined);
    });
  });
}
