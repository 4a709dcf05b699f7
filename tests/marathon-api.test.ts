/**
 * Marathon's HTTP API, row by row, on a running platform: what is asked, the status, and the body to the letter or in
 * shape. One row for every line of its documentation that a client can see.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shellApp } from './support/apps.ts';
import { ERRORS } from './support/marathon-refusals.ts';
import { DEPLOYMENT, READS, WRITES, timestamp, type Row } from './support/marathon-rows.ts';
import { RunningPlatform, callJson, waitFor, type Answer } from './support/running-platform.ts';

/** Members of a plain app, none more and none less, with what is known of it. */
const APP_MEMBERS = [
  ...['backoffFactor', 'backoffSeconds', 'cmd', 'cpus', 'deployments', 'disk', 'executor', 'gpus', 'id', 'instances'],
  ...['killSelection', 'labels', 'maxLaunchDelaySeconds', 'mem', 'networks', 'portDefinitions', 'requirePorts', 'role'],
  ...['tasks', 'tasksHealthy', 'tasksRunning', 'tasksStaged', 'tasksUnhealthy', 'unreachableStrategy'],
  ...['upgradeStrategy', 'version', 'versionInfo'],
];
const TASK_MEMBERS = [
  ...['appId', 'healthCheckResults', 'host', 'id', 'ipAddresses', 'localVolumes', 'ports', 'role', 'servicePorts'],
  ...['slaveId', 'stagedAt', 'startedAt', 'state', 'version'],
];

describe('the API of Marathon', { timeout: 60_000 }, () => {
  let platform: RunningPlatform;
  beforeAll(async () => {
    platform = await RunningPlatform.start(['--log-level', 'warn', '--cors-origins', 'https://ui.example']);
    const labels = { tier: 'web' };
    await platform.change(
      'POST',
      '/v2/apps',
      shellApp('/web', 'exec sleep 1000', { labels, portDefinitions: [{ port: 0 }] }),
    );
    await platform.change(
      'POST',
      '/v2/apps',
      shellApp('/idle', 'exec sleep 1000', { instances: 0, portDefinitions: [{ port: 0 }] }),
    );
    await platform.change(
      'POST',
      '/v2/apps',
      shellApp('/g/inner', 'exec sleep 1000', { instances: 0, portDefinitions: [] }),
    );
    const container = { name: 'a', exec: { command: { shell: 'exec sleep 1000' } }, resources: { cpus: 0.1, mem: 32 } };
    await platform.change('POST', '/v2/pods', { id: '/pod', containers: [container] });
  }, 60_000);
  afterAll(async () => {
    await platform.dispose();
  });

  const ask = async ({ ask: asked, body, accept }: Row): Promise<Answer> => {
    const [method = '', path = ''] = asked.split(' ');
    return callJson(`${platform.addresses.orchestrator}${path}`, method, body, accept === undefined ? {} : { accept });
  };
  const prove = async (row: Row): Promise<void> => {
    const answer = await ask(row);
    expect(answer.status, JSON.stringify(answer.body)).toBe(row.status);
    if ('answer' in row) expect(answer.body).toEqual(row.answer);
    for (const [name, value] of Object.entries(row.headers ?? {})) expect(answer.headers.get(name)).toEqual(value);
    const headers: Record<string, string> = {};
    answer.headers.forEach((value, name) => (headers[name] = value));
    expect(headers).toMatchObject({
      'x-marathon-leader': platform.addresses.orchestrator,
      'x-frame-options': 'DENY',
      'x-xss-protection': '1; mode=block',
      'cache-control': 'no-cache, no-store, must-revalidate',
      pragma: 'no-cache',
      expires: '0',
    });
  };

  it.each(READS)('reads: $ask ($accept) is $status', prove);

  it.each(ERRORS)('refuses: $ask of $body is $status', async (row) => {
    const before = (await platform.call('GET', '/v2/groups/versions')).body;
    await prove(row);
    expect((await platform.call('GET', '/v2/groups/versions')).body).toEqual(before);
  });

  it.each(WRITES)('writes: $ask of $body is $status', prove);

  it('shows an app and its task with all members of theirs and no other', async () => {
    const { app } = (await platform.call('GET', '/v2/apps/web')).body;
    expect(Object.keys(app).sort()).toEqual(APP_MEMBERS);
    expect(app.tasks.map((task: object) => Object.keys(task).sort())).toEqual([TASK_MEMBERS]);
    const { body: created } = await platform.call('POST', '/v2/apps', { id: 'zero', cmd: 'run', instances: 0 });
    expect(Object.keys(created).sort()).toEqual(APP_MEMBERS.filter((name) => !['tasks', 'versionInfo'].includes(name)));
    expect(created).toMatchObject({
      portDefinitions: [{ port: 0, name: 'default', protocol: 'tcp' }],
      tasksRunning: 0,
    });
  });

  it('lets pages of origins that were named read, and change nothing', async () => {
    const url = `${platform.addresses.orchestrator}/v2/apps/web`;
    const page = (origin: string) => ({ origin, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' });
    const read = await callJson(url, 'GET', undefined, page('https://ui.example'));
    expect([read.status, read.headers.get('access-control-allow-origin')]).toEqual([200, 'https://ui.example']);
    expect((await callJson(url, 'OPTIONS', undefined, page('https://ui.example'))).status).toBe(200);
    expect((await callJson(url, 'GET', undefined, page('https://evil.example'))).status).toBe(403);
    expect((await callJson(url, 'DELETE', undefined, page('https://ui.example'))).status).toBe(403);
  });

  it('answers killing an instance of a pod with the instance as it was', async () => {
    const [instance] = (await platform.call('GET', '/v2/pods/pod::status')).body.instances;
    const { status, body } = await platform.call('DELETE', `/v2/pods/pod::instances/${instance.id}`);
    expect(status).toBe(200);
    expect(body).toEqual({
      instanceId: instance.id,
      agentInfo: { host: '127.0.0.1', agentId: instance.agentId, attributes: expect.any(Array) },
      state: { condition: 'Running', since: timestamp, activeSince: timestamp, goal: 'Running' },
      runSpecVersion: timestamp,
      unreachableStrategy: { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 },
    });
    expect((await platform.call('DELETE', '/v2/pods/pod::instances', ['pod.instance-none'])).body).toEqual([]);
    await waitFor('another launch has taken its place', async () => {
      const { instances } = (await platform.call('GET', '/v2/pods/pod::status')).body;
      const [again] = instances;
      return again?.status === 'STABLE' && again.containers[0].containerId.endsWith('.2');
    });
  });

  it('refuses a locked app with the deployments that lock it, and lets force through', async () => {
    const waiting = shellApp('/locked', 'exec sleep 1000', { cpus: 500 });
    const created = await platform.call('POST', '/v2/apps', waiting);
    const id = created.headers.get('marathon-deployment-id');
    const locked = {
      message:
        "App is locked by one or more deployments. Override with the option '?force=true'. View details at '/v2/deployments/<DEPLOYMENT_ID>'.",
      deployments: [{ id }],
    };
    for (const [method, path, body] of [
      ['PUT', '/v2/apps/locked', { instances: 2 }],
      ['PATCH', '/v2/apps', [{ id: '/locked', instances: 2 }]],
      ['POST', '/v2/apps/locked/restart', undefined],
      ['PUT', '/v2/groups', { apps: [] }],
      ['DELETE', '/v2/apps/locked?force=false', undefined],
    ] as const) {
      const answer = await platform.call(method, path, body);
      expect(answer.status, path).toBe(409);
      expect(answer.body).toEqual(locked);
    }
    const [shown] = (await platform.call('GET', '/v2/deployments')).body;
    expect(shown).toEqual({
      id,
      version: timestamp,
      affectedApps: ['/locked'],
      affectedPods: [],
      steps: [
        { actions: [{ action: 'StartApplication', app: '/locked' }] },
        { actions: [{ action: 'ScaleApplication', app: '/locked' }] },
      ],
      currentActions: [{ action: 'ScaleApplication', app: '/locked', readinessCheckResults: [] }],
      currentStep: 2,
      totalSteps: 2,
    });
    const item = await waitFor('an offer was looked at', async () => {
      const { queue } = (await platform.call('GET', '/v2/queue?embed=lastUnusedOffers')).body;
      return queue[0]?.processedOffersSummary.processedOffersCount > 0 ? queue[0] : undefined;
    });
    expect(item).toMatchObject({ count: 1, role: '*', delay: { timeLeftSeconds: 0, overdue: true }, since: timestamp });
    const reasons = item.processedOffersSummary.rejectSummaryLaunchAttempt.map((row: { reason: string }) => row.reason);
    expect(reasons).toEqual([
      ...['UnfulfilledRole', 'UnfulfilledConstraint', 'NoCorrespondingReservationFound', 'AgentMaintenance'],
      ...['InsufficientCpus', 'InsufficientMemory', 'InsufficientDisk', 'InsufficientGpus', 'InsufficientPorts'],
      'DeclinedScarceResources',
    ]);
    expect(item.lastUnusedOffers[0]).toMatchObject({
      offer: { hostname: '127.0.0.1' },
      reason: ['InsufficientCpus'],
      timestamp,
    });
    expect((await platform.call('DELETE', '/v2/queue/locked/delay')).status).toBe(204);
    expect((await platform.call('PUT', '/v2/apps/locked?force=true', { instances: 0 })).body).toEqual(DEPLOYMENT);
    await platform.settled();
    await platform.change('DELETE', '/v2/apps/locked');
  });

  it('takes a deployment back without force, and only stops it with force', async () => {
    await platform.call('POST', '/v2/apps', shellApp('/stuck', 'exec sleep 1000', { cpus: 500 }));
    const [stuck] = (await platform.call('GET', '/v2/deployments')).body;
    const forced = await platform.call('DELETE', `/v2/deployments/${stuck.id}?force=true`);
    expect(forced).toMatchObject({ status: 202, body: '' });
    expect((await platform.call('GET', '/v2/apps/stuck')).status).toBe(200);
    await platform.call('PUT', '/v2/apps/stuck', { cpus: 600 });
    const [second] = (await platform.call('GET', '/v2/deployments')).body;
    const reverted = await platform.call('DELETE', `/v2/deployments/${second.id}`);
    expect(reverted).toMatchObject({ status: 200, body: DEPLOYMENT });
    expect(reverted.body.deploymentId).not.toBe(second.id);
    expect((await platform.call('GET', '/v2/apps/stuck')).body.app.cpus).toBe(500);
    await platform.call('DELETE', '/v2/apps/stuck');
    await platform.settled();
  });

  it('measures itself in every kind of metric, as JSON and for Prometheus', async () => {
    const { body } = await platform.call('GET', '/metrics');
    expect(Object.keys(body)).toEqual(['version', 'gauges', 'counters', 'histograms', 'meters', 'timers']);
    for (const name of ['apps.active', 'pods.active', 'groups.active', 'deployments.active', 'instances.running']) {
      expect(body.gauges[`marathon.${name}.gauge`]).toEqual({ value: expect.any(Number) });
    }
    expect(body.gauges['marathon.pods.active.gauge'].value).toBe(1);
    expect(body.gauges['marathon.uptime.gauge.seconds'].value).toBeGreaterThan(0);
    expect(body.counters['marathon.deployments.counter'].count).toBeGreaterThan(3);
    expect(body.counters['marathon.deployments.dismissed.counter']).toEqual({ count: expect.any(Number) });
    expect(body.counters['marathon.tasks.launched.counter'].count).toBeGreaterThan(1);
    expect(body.counters['marathon.http.requests.size.counter.bytes'].count).toBeGreaterThan(1000);
    expect(body.meters['marathon.http.responses.4xx.rate.meter']).toEqual({
      count: expect.any(Number),
      m1_rate: expect.any(Number),
      m5_rate: expect.any(Number),
      m15_rate: expect.any(Number),
      mean_rate: expect.any(Number),
      units: 'events/second',
    });
    expect(body.meters['marathon.http.responses.4xx.rate.meter'].count).toBeGreaterThan(10);
    const timer = body.timers['marathon.http.requests.get.duration.timer.seconds'];
    expect(Object.keys(timer).sort()).toEqual([
      ...['count', 'duration_units', 'm15_rate', 'm1_rate', 'm5_rate', 'max', 'mean', 'mean_rate', 'min'],
      ...['p50', 'p75', 'p95', 'p98', 'p99', 'p999', 'rate_units', 'stddev'],
    ]);
    expect(timer.p50).toBeGreaterThan(0);
    const { body: text } = await platform.call('GET', '/metrics/prometheus');
    for (const line of [
      '# TYPE marathon_pods_active_gauge gauge\nmarathon_pods_active_gauge 1\n',
      '# TYPE marathon_deployments_dismissed_counter counter\nmarathon_deployments_dismissed_counter ',
      '# TYPE marathon_http_responses_4xx_rate_meter_m1_rate gauge\n',
      '# TYPE marathon_http_requests_get_duration_timer_seconds summary\n',
      'marathon_http_requests_get_duration_timer_seconds{quantile="0.99"} ',
    ]) {
      expect(text).toContain(line);
    }
  });

  it('runs apps in the roles of their groups, also in the one in which it reserves for others', async () => {
    const roles = ['team', 'marathon'];
    for (const role of roles) {
      const apps = [shellApp(`/${role}/web`, 'exec sleep 1000', { acceptedResourceRoles: ['*', role] })];
      await platform.change('PUT', `/v2/groups/${role}`, { enforceRole: true, apps });
      expect(await platform.tasks(`/${role}/web`)).toMatchObject([{ role, state: 'TASK_RUNNING' }]);
    }
    const state = (await callJson(`${platform.addresses.master}/state`)).body;
    const [framework] = state.frameworks;
    expect([...framework.roles].sort()).toEqual(['*', 'marathon', 'team']);
    expect(framework.tasks.map(({ role }: { role: string }) => role)).toEqual(expect.arrayContaining(roles));
    // Nobody has reserved anything for the role by hand, so this waits, and says why.
    const picky = shellApp('/team/picky', 'exec sleep 1000', { acceptedResourceRoles: ['team'] });
    expect((await platform.call('POST', '/v2/apps', picky)).status).toBe(201);
    const why = await waitFor('the queue says why', async () => {
      const { body } = await platform.call('GET', '/v2/apps/team/picky/why');
      return body.summary?.includes('reserved') ? body : undefined;
    });
    expect(why.summary).toContain('accepts resources reserved for role team only');
    for (const role of roles) await platform.call('DELETE', `/v2/groups/${role}?force=true`);
    await platform.settled();
  });

  it('lets its leader be asked to step down, and leads again with the same tasks', async () => {
    const [before] = await platform.tasks('/web');
    expect(await platform.call('DELETE', '/v2/leader')).toMatchObject({
      status: 200,
      body: { message: 'Leadership abdicated' },
    });
    await waitFor('it has stepped down and leads again', () => platform.output.includes('Leading again.'));
    expect((await platform.call('GET', '/v2/leader')).status).toBe(200);
    await waitFor('the task is known again', async () => (await platform.tasks('/web'))[0]?.id === before?.id);
  });
});
