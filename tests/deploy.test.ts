/** The main job: apps are deployed, scaled, upgraded without a gap, taken back, restarted, killed and removed. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { demoApp } from './support/apps.ts';
import { EventRecorder } from './support/event-recorder.ts';
import { HealthWatch } from './support/health-watch.ts';
import { processesOfApp, processesWith } from './support/processes.ts';
import { RunningPlatform, callJson, waitFor } from './support/running-platform.ts';

const HEALTHY_CHECK = { protocol: 'HTTP', path: '/healthcheck', portIndex: 1, intervalSeconds: 1 };
/** Fails at once, for ever. */
const FAILING_CHECK = {
  ...HEALTHY_CHECK,
  path: '/nothing',
  gracePeriodSeconds: 0,
  maxConsecutiveFailures: 1,
};

describe('an app with HTTP health checks', { timeout: 60_000 }, () => {
  let platform: RunningPlatform;
  let events: EventRecorder;
  beforeAll(async () => {
    platform = await RunningPlatform.start();
    events = await EventRecorder.open(platform.addresses.orchestrator);
  });
  afterEach(async () => {
    for (const deployment of (await platform.call('GET', '/v2/deployments')).body) {
      await platform.call('DELETE', `/v2/deployments/${deployment.id}?force=true`);
    }
    for (const { id } of (await platform.call('GET', '/v2/apps')).body.apps) {
      await platform.change('DELETE', `/v2/apps${id}`);
    }
  });
  afterAll(async () => {
    events.close();
    await platform.dispose();
  });

  const appOf = async (id: string) => (await platform.call('GET', `/v2/apps${id}`)).body.app;
  const taskIds = async (id: string) => (await platform.tasks(id)).map((task) => task.id).sort();

  it('is deployed when it is healthy, and answers on its ports', async () => {
    const created = await platform.call('POST', '/v2/apps', demoApp('/demo'));
    expect(created.status).toBe(201);
    expect(created.headers.get('location')).toBe('/demo');
    const deployment = created.headers.get('marathon-deployment-id');
    expect(created.body.deployments).toEqual([{ id: deployment }]);
    await platform.settled();
    const app = await appOf('/demo');
    expect(app).toMatchObject({ tasksRunning: 1, tasksHealthy: 1, tasksUnhealthy: 0, deployments: [] });
    const [task] = app.tasks;
    expect(task.healthCheckResults).toMatchObject([{ alive: true, consecutiveFailures: 0 }]);
    const hello = await callJson(`http://${task.host}:${task.ports[0]}/hello`);
    expect(hello.body).toMatchObject({ instance: task.id, app: '/demo' });
    expect((await callJson(`http://${task.host}:${task.ports[1]}/healthcheck`)).status).toBe(200);
  });

  it('is scaled up and down: what runs stays, what is too much ends', async () => {
    await platform.change('POST', '/v2/apps', demoApp('/demo'));
    const [first] = await taskIds('/demo');
    await platform.change('PUT', '/v2/apps/demo', { instances: 3 });
    expect(await taskIds('/demo')).toHaveLength(3);
    expect(await taskIds('/demo')).toContain(first);
    await platform.change('PUT', '/v2/apps/demo', { instances: 1 });
    expect(await taskIds('/demo')).toEqual([first]);
    expect(processesOfApp('/demo', platform)).toEqual(processesWith(`MESOS_TASK_ID=${first ?? ''}\0`));
    await platform.change('PUT', '/v2/apps/demo', { instances: 0 });
    expect(await taskIds('/demo')).toEqual([]);
    expect(processesOfApp('/demo', platform)).toEqual([]);
  });

  it('is upgraded one by one, and never fewer are healthy than the minimum', async () => {
    const strategy = { minimumHealthCapacity: 1, maximumOverCapacity: 0 };
    await platform.change('POST', '/v2/apps', demoApp('/demo', { instances: 3, upgradeStrategy: strategy }));
    const before = await taskIds('/demo');
    const watch = new HealthWatch(platform, events, '/demo');
    await platform.change(
      'PUT',
      '/v2/apps/demo',
      { env: { ...(demoApp('/demo').env as object), REVISION: 'two' } },
      50_000,
    );
    const seen = await watch.end();
    expect(seen.answers).toBeGreaterThan(10);
    expect(seen.fewestHealthy).toBe(3);
    expect(seen.fewestHealthyByEvents).toBe(3);
    expect(seen.mostRunning).toBe(4);
    const app = await appOf('/demo');
    expect(app).toMatchObject({ tasksRunning: 3, tasksHealthy: 3 });
    for (const task of app.tasks) {
      expect(task.version).toBe(app.version);
      expect(before).not.toContain(task.id);
    }
  });

  it('keeps serving in its old version while a new one does not become healthy, and goes back on request', async () => {
    const strategy = { minimumHealthCapacity: 1, maximumOverCapacity: 0 };
    await platform.change('POST', '/v2/apps', demoApp('/demo', { instances: 2, upgradeStrategy: strategy }));
    const before = await taskIds('/demo');
    const watch = new HealthWatch(platform, events, '/demo');
    const { body: upgrade } = await platform.call('PUT', '/v2/apps/demo', { healthChecks: [FAILING_CHECK] });
    const killed = await events.until('the new version is found to be unhealthy', ({ name, data }) => {
      return name === 'unhealthy_instance_kill_event' && data.version === upgrade.version;
    });
    expect(killed.data).toMatchObject({ appId: '/demo', reason: expect.stringMatching(/404/) });
    expect((await platform.call('GET', '/v2/deployments')).body).toMatchObject([
      { id: upgrade.deploymentId, affectedApps: ['/demo'], currentActions: [{ action: 'RestartApplication' }] },
    ]);
    expect((await appOf('/demo')).lastTaskFailure).toMatchObject({ state: 'TASK_KILLED', version: upgrade.version });

    expect(await taskIds('/demo')).toEqual(expect.arrayContaining(before));

    const back = await platform.call('DELETE', `/v2/deployments/${upgrade.deploymentId}`);
    expect(back.status).toBe(200);
    expect(back.body).toEqual({ version: expect.any(String), deploymentId: expect.any(String) });
    expect(back.body.deploymentId).not.toBe(upgrade.deploymentId);
    await platform.settled();
    const seen = await watch.end();
    expect(seen.fewestHealthy).toBe(2);
    expect(seen.fewestHealthyByEvents).toBe(2);
    const app = await appOf('/demo');
    expect(app.healthChecks).toMatchObject([{ path: '/healthcheck' }]);
    expect(app.version).toBe(back.body.version);
    expect(await taskIds('/demo')).toHaveLength(2);
    expect(events.named('deployment_failed').map((event) => event.id)).toContain(upgrade.deploymentId);
    expect((await platform.call('DELETE', `/v2/deployments/${upgrade.deploymentId}`)).status).toBe(404);
  });

  it('is locked by its deployment: a second change is refused, and forced when asked to', async () => {
    await platform.change('POST', '/v2/apps', demoApp('/demo'));
    const duplicate = await platform.call('POST', '/v2/apps', demoApp('/demo'));
    expect(duplicate.status).toBe(409);
    expect(duplicate.body).toEqual({ message: 'An app with id [/demo] already exists.' });

    const { body: first } = await platform.call('PUT', '/v2/apps/demo', { healthChecks: [FAILING_CHECK] });
    const locked = await platform.call('PUT', '/v2/apps/demo', { instances: 2 });
    expect(locked.status).toBe(409);
    expect(locked.body).toEqual({
      message:
        "App is locked by one or more deployments. Override with the option '?force=true'. View details at '/v2/deployments/<DEPLOYMENT_ID>'.",
      deployments: [{ id: first.deploymentId }],
    });
    expect((await platform.call('POST', '/v2/apps/demo/restart')).status).toBe(409);

    const forced = await platform.call('PUT', '/v2/apps/demo?force=true', {
      instances: 2,
      healthChecks: [HEALTHY_CHECK],
    });
    expect(forced.status).toBe(200);
    await platform.settled();
    expect(await appOf('/demo')).toMatchObject({ instances: 2, tasksHealthy: 2 });
    expect(events.named('deployment_failed').map((event) => event.id)).toContain(first.deploymentId);

    await platform.call('PUT', '/v2/apps/demo', { healthChecks: [FAILING_CHECK] });
    const [deployment] = (await platform.call('GET', '/v2/deployments')).body;
    const cancelled = await platform.call('DELETE', `/v2/deployments/${deployment.id}?force=true`);
    expect([cancelled.status, cancelled.body]).toEqual([202, '']);
    expect((await appOf('/demo')).healthChecks).toMatchObject([{ path: '/nothing' }]);
  });

  it('keeps its versions, and rolls back to one', async () => {
    await platform.change('POST', '/v2/apps', demoApp('/versioned', { labels: { revision: 'one' } }));
    const { version: first } = await appOf('/versioned');
    await platform.change('PUT', '/v2/apps/versioned', { labels: { revision: 'two' } });
    const { version: second } = await appOf('/versioned');
    // An id of its own: the versions of an app outlive it, as in Marathon.
    const { body } = await platform.call('GET', '/v2/apps/versioned/versions');
    expect(body.versions).toEqual([second, first]);
    const old = await platform.call('GET', `/v2/apps/versioned/versions/${first}`);
    expect(old.body).toMatchObject({ id: '/versioned', labels: { revision: 'one' }, version: first });
    await platform.change('PUT', '/v2/apps/versioned', { version: first });
    const app = await appOf('/versioned');
    expect(app.labels).toEqual({ revision: 'one' });
    expect(app.version > first).toBe(true);
    expect((await platform.call('PUT', '/v2/apps/versioned', { version: first, instances: 2 })).status).toBe(422);
    expect((await platform.call('GET', '/v2/apps/versioned/versions/2001-01-01T00:00:00.000Z')).status).toBe(404);
  });

  it('is restarted: every task is another one', async () => {
    await platform.change('POST', '/v2/apps', demoApp('/demo', { instances: 2 }));
    const before = await taskIds('/demo');
    const { status, body } = await platform.change('POST', '/v2/apps/demo/restart');
    expect([status, body]).toEqual([200, { version: expect.any(String), deploymentId: expect.any(String) }]);
    const after = await taskIds('/demo');
    expect(after).toHaveLength(2);
    expect(after.some((id) => before.includes(id))).toBe(false);
  });

  it('replaces a task that is killed, unless it is to be scaled down', async () => {
    await platform.change('POST', '/v2/apps', demoApp('/demo', { instances: 2 }));
    const [victim, other] = await taskIds('/demo');
    const killed = await platform.call('DELETE', `/v2/apps/demo/tasks/${victim ?? ''}`);
    expect([killed.status, killed.body.task.id]).toEqual([200, victim]);
    await waitFor('a replacement is healthy', async () => {
      const { tasksHealthy, tasks } = await appOf('/demo');
      return tasksHealthy === 2 && !tasks.some((task: { id: string }) => task.id === victim);
    });
    expect((await appOf('/demo')).instances).toBe(2);

    const scaled = await platform.call('POST', '/v2/tasks/delete?scale=true', { ids: [other] });
    expect([scaled.status, scaled.body]).toEqual([
      200,
      { version: expect.any(String), deploymentId: expect.any(String) },
    ]);
    await platform.settled();
    expect((await appOf('/demo')).instances).toBe(1);
    expect(await taskIds('/demo')).not.toContain(other);
    expect((await platform.call('DELETE', '/v2/apps/demo/tasks/demo.instance-nobody._app.1')).status).toBe(404);
    expect((await platform.call('POST', '/v2/tasks/delete', { ids: ['not a task id'] })).status).toBe(400);
  });

  it('leaves no process when it is removed', async () => {
    await platform.change('POST', '/v2/apps', demoApp('/demo', { instances: 2 }));
    expect(processesOfApp('/demo', platform).length).toBeGreaterThanOrEqual(2);
    await platform.change('DELETE', '/v2/apps/demo');
    expect(processesOfApp('/demo', platform)).toEqual([]);
    expect(await platform.call('GET', '/v2/apps/demo')).toMatchObject({
      status: 404,
      body: { message: "App '/demo' does not exist" },
    });
    expect(
      (await platform.ask('master', '/tasks')).body.tasks.filter(
        (task: { state: string }) => task.state === 'TASK_RUNNING',
      ),
    ).toEqual([]);
  });
});
