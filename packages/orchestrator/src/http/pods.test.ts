import { SeededRandom, silentLogger } from '@stadion/base';
import { launchedTasks } from '@stadion/contract/mesos';
import type { PodDefinition, PodStatus } from '@stadion/contract/orchestrator-pods';
import type { FastifyInstance } from 'fastify';
import { beforeEach, describe, expect, it } from 'vitest';
import { TestPlatform } from '../engine/testing/platform.ts';
import { createOrchestratorHttp } from './server.ts';

let platform: TestPlatform;
let http: FastifyInstance;

function serve(): FastifyInstance {
  return createOrchestratorHttp(platform.engine, {
    time: platform.time,
    random: new SeededRandom('api'),
    log: silentLogger,
    leader: () => 'leader.example:8080',
    ready: () => true,
  });
}

beforeEach(async () => {
  platform = await TestPlatform.started();
  http = serve();
});

/** Asks while time goes by, since answers wait for the disk. */
async function ask(method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, body?: object) {
  let isAnswered = false;
  const asked = http.inject({ method, url, ...(body === undefined ? {} : { payload: body }) }).then((answer) => {
    isAnswered = true;
    const parsed = answer.payload === '' ? undefined : answer.json<unknown>();
    return { status: answer.statusCode, body: parsed, headers: answer.headers };
  });
  while (!isAnswered) await platform.time.advance(1);
  return asked;
}

async function status(id = '/pod'): Promise<PodStatus> {
  return (await ask('GET', `/v2/pods${id}::status`)).body as PodStatus;
}

const SMALL = { cpus: 0.1, mem: 16 };

function pod(more: object = {}): object {
  return {
    id: '/pod',
    containers: [
      {
        name: 'web',
        exec: { command: { shell: 'serve' } },
        resources: SMALL,
        endpoints: [{ name: 'http-api', hostPort: 0, labels: { VIP: '1' } }],
        volumeMounts: [{ name: 'scratch', mountPath: 'data' }],
        lifecycle: { killGracePeriodSeconds: 7 },
      },
      {
        name: 'side',
        exec: { command: { argv: ['side', '--car'] } },
        resources: SMALL,
        environment: { PASSWORD: { secret: 'password' } },
        volumeMounts: [{ name: 'scratch', mountPath: 'theirs', readOnly: true }],
        tty: true,
      },
    ],
    volumes: [{ name: 'scratch' }],
    secrets: { password: { source: '/db/password' } },
    environment: { MODE: 'test' },
    ...more,
  };
}

describe('a pod', () => {
  it('is created, shown with every default, and its containers run as one instance', async () => {
    const posted = await ask('POST', '/v2/pods', pod());
    expect(posted.status).toBe(201);
    expect(posted.headers['marathon-deployment-id']).toEqual(expect.any(String));
    expect(posted.body).toMatchObject({
      id: '/pod',
      scaling: { kind: 'fixed', instances: 1 },
      executorResources: { cpus: 0.1, mem: 32, disk: 10 },
      scheduling: { upgrade: { minimumHealthCapacity: 1, maximumOverCapacity: 1 }, killSelection: 'YOUNGEST_FIRST' },
      networks: [{ mode: 'host' }],
    });
    expect((await ask('GET', '/v2/deployments')).body).toMatchObject([
      { affectedApps: [], affectedPods: ['/pod'], steps: [{ actions: [{ action: 'StartPod', pod: '/pod' }] }, {}] },
    ]);
    await platform.quiet();
    const shown = await status();
    expect(shown).toMatchObject({ status: 'STABLE', instances: [{ status: 'STABLE', containers: { length: 2 } }] });
    const [instance] = shown.instances;
    expect(instance?.containers.map(({ name, status: state }) => [name, state])).toEqual([
      ['web', 'TASK_RUNNING'],
      ['side', 'TASK_RUNNING'],
    ]);
    expect(instance?.containers[0]?.endpoints).toEqual([{ name: 'http-api', allocatedHostPort: expect.any(Number) }]);
    expect(instance?.containers[0]?.containerId).toBe(`${instance?.id ?? ''}.web.1`);
  });

  it('tells whether its instances serve, to whoever asks for what Marathon does not have', async () => {
    await ask('POST', '/v2/pods', pod({ scheduling: { unreachableStrategy: 'disabled' } }));
    await platform.quiet();
    expect((await status()).instances[0]).not.toHaveProperty('serving');
    const [one] = (await ask('GET', '/v2/pods::status?extensions=true')).body as PodStatus[];
    expect(one?.instances).toMatchObject([{ serving: true }]);
    const agents = platform.master.offers.agents;
    for (const index of agents.keys()) platform.master.loseAgent(index);
    await platform.time.advance(100);
    const lost = (await ask('GET', '/v2/pods/pod::status?extensions=true')).body as PodStatus;
    expect(lost.instances).toMatchObject([{ serving: false }]);
  });

  it('is launched as a group, with the environment and the volumes of the reference', async () => {
    await ask('POST', '/v2/pods', pod());
    await platform.quiet();
    const operations = platform.master.calls.flatMap((call) => (call.type === 'ACCEPT' ? call.accept.operations : []));
    const [group] = operations.flatMap((operation) => (operation.type === 'LAUNCH_GROUP' ? [operation] : []));
    const executor = group?.launch_group.executor;
    expect(executor?.resources.map(({ name, scalar }) => [name, scalar?.value])).toEqual([
      ['cpus', 0.1],
      ['mem', 32],
      ['disk', 10],
    ]);
    const tasks = group === undefined ? [] : launchedTasks(group);
    const variables = tasks.map(({ command }) =>
      Object.fromEntries((command?.environment?.variables ?? []).map((each) => [each.name, each.value ?? each.secret])),
    );
    const port = (await status()).instances[0]?.containers[0]?.endpoints[0]?.allocatedHostPort;
    for (const own of variables) {
      expect(own).toMatchObject({
        MODE: 'test',
        MARATHON_APP_ID: '/pod',
        MESOS_EXECUTOR_ID: executor?.executor_id.value,
        ENDPOINT_HTTP_API: String(port),
        EP_HOST_HTTP_API: String(port),
        EP_CONTAINER_HTTP_API: String(port),
      });
    }
    expect(variables[1]).toMatchObject({
      MARATHON_CONTAINER_ID: 'side',
      PASSWORD: { type: 'REFERENCE', reference: { name: '/db/password' } },
    });
    expect(tasks[0]?.kill_policy).toEqual({ grace_period: { nanoseconds: 7e9 } });
    expect(tasks.map(({ container }) => container?.tty_info)).toEqual([undefined, {}]);
    expect(tasks[1]?.container?.volumes).toEqual([
      {
        mode: 'RO',
        container_path: 'theirs',
        source: { type: 'SANDBOX_PATH', sandbox_path: { type: 'PARENT', path: 'scratch' } },
      },
    ]);
  });

  it('is announced for each of its containers when it comes to serve, and when it ends', async () => {
    await ask('POST', '/v2/pods', pod());
    await platform.quiet();
    const ids = (await status()).instances[0]?.containers.map(({ containerId }) => containerId) ?? [];
    const told = () =>
      platform.ofType('instance_serving_changed_event').map(({ taskId, serving }) => [taskId, serving]);
    expect(ids).toHaveLength(2);
    // The first of them to run does not make a pod that serves.
    expect(told()).toEqual([false, true].flatMap((serving) => ids.map((id) => [id, serving])));
    platform.events.length = 0;
    await ask('DELETE', '/v2/pods/pod');
    await platform.quiet();
    for (const id of ids) expect(told()).toContainEqual([id, false]);
    expect(told().some(([, serving]) => serving === true)).toBe(false);
  });

  it('is scaled and changed by PUT, rolling, and remembers its versions', async () => {
    const first = (await ask('POST', '/v2/pods', pod())).body as PodDefinition;
    await platform.quiet();
    const [before] = (await status()).instances;
    await ask('PUT', '/v2/pods/pod', pod({ scaling: { kind: 'fixed', instances: 3 } }));
    await platform.quiet();
    const scaled = await status();
    expect(scaled.instances).toHaveLength(3);
    // Scaling replaces nobody.
    expect(scaled.instances.map(({ id }) => id)).toContain(before?.id);
    await ask('PUT', '/v2/pods/pod', pod({ labels: { a: 'b' }, scaling: { kind: 'fixed', instances: 3 } }));
    await platform.quiet();
    expect((await status()).instances.map(({ id }) => id)).not.toContain(before?.id);
    expect(await ask('GET', '/v2/pods/pod::versions')).toMatchObject({ status: 200, body: { length: 3 } });
    expect((await ask('GET', `/v2/pods/pod::versions/${first.version}`)).body).toEqual(first);
  });

  it('comes back as a whole when one of its containers fails', async () => {
    platform.master.script = ({ name, task_id: { value } }) =>
      name === 'side' && value.endsWith('.1') ? { kind: 'fail', lifeMs: 5000 } : { kind: 'run' };
    await ask('POST', '/v2/pods', pod());
    await platform.time.advance(60_000);
    const shown = await status();
    expect(shown.instances[0]?.containers.map(({ containerId }) => containerId.split('.').at(-1))).toEqual(['2', '2']);
    expect(platform.master.alive('pod')).toHaveLength(2);
    expect(shown.terminationHistory).toHaveLength(1);
  });

  it('is healthy when all that are checked are', async () => {
    const [web, side] = (pod() as { containers: object[] }).containers;
    const healthCheck = { http: { endpoint: 'http-api', path: '/ping' } };
    await ask('POST', '/v2/pods', pod({ containers: [{ ...web, healthCheck }, side] }));
    await platform.time.advance(5000);
    expect(await status()).toMatchObject({ status: 'DEGRADED', instances: [{ status: 'STAGING' }] });
    expect(await ask('GET', '/v2/deployments')).toMatchObject({ body: { length: 1 } });
  });

  it('is deleted with 202, and nothing of it is left', async () => {
    await ask('POST', '/v2/pods', pod());
    await platform.quiet();
    const deleted = await ask('DELETE', '/v2/pods/pod');
    expect(deleted).toMatchObject({ status: 202, body: undefined });
    expect(deleted.headers.location).toBe(deleted.headers['marathon-deployment-id']);
    await platform.quiet();
    expect(platform.master.alive('pod')).toEqual([]);
    expect((await ask('GET', '/v2/pods')).body).toEqual([]);
    expect((await ask('GET', '/v2/pods/pod::status')).status).toBe(404);
    const told = platform.events.map(({ eventType }) => eventType);
    expect(told).toContain('pod_created_event');
    expect(told).toContain('pod_deleted_event');
  });

  it('loses an instance on demand, and gets another one', async () => {
    await ask('POST', '/v2/pods', pod());
    await platform.quiet();
    const [victim] = (await status()).instances;
    const killed = await ask('DELETE', `/v2/pods/pod::instances/${victim?.id ?? ''}`);
    expect(killed.status).toBe(200);
    expect(killed.body).toEqual({
      instanceId: victim?.id,
      agentInfo: {
        host: victim?.agentHostname,
        agentId: victim?.agentId,
        attributes: [{ name: 'rack', text: expect.stringMatching(/^rack-/) }],
      },
      state: {
        condition: 'Running',
        since: victim?.statusSince,
        activeSince: expect.stringMatching(/Z$/),
        goal: 'Running',
      },
      runSpecVersion: victim?.specReference.split('/').at(-1),
      unreachableStrategy: { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 },
    });
    await platform.time.advance(60_000);
    expect((await status()).instances[0]?.containers[0]?.containerId).toBe(`${victim?.id ?? ''}.web.2`);
    expect(await ask('DELETE', '/v2/pods/pod::instances', [victim?.id, 'pod.instance-none'])).toMatchObject({
      status: 200,
      body: { length: 1 },
    });
    expect((await ask('DELETE', '/v2/pods/pod::instances/pod.instance-none')).status).toBe(404);
  });

  it('survives a restart of the orchestrator', async () => {
    await ask('POST', '/v2/pods', pod({ scaling: { kind: 'fixed', instances: 2 } }));
    await platform.quiet();
    const before = await status();
    await platform.crash();
    http = serve();
    await platform.time.advance(60_000);
    const byId = (shown: PodStatus) => shown.instances.toSorted((left, right) => (left.id < right.id ? -1 : 1));
    expect(byId(await status())).toEqual(byId(before));
    expect(platform.master.launched).toHaveLength(4);
  });

  it('is no app, and apps are no pods', async () => {
    await ask('POST', '/v2/pods', pod());
    await ask('POST', '/v2/apps', { id: '/app', cmd: 'run', cpus: 0.1 });
    await platform.quiet();
    expect((await ask('GET', '/v2/apps')).body).toMatchObject({ apps: [{ id: '/app' }] });
    expect((await ask('GET', '/v2/apps/pod')).status).toBe(404);
    expect((await ask('GET', '/v2/pods/app')).status).toBe(404);
    expect(await ask('POST', '/v2/apps', { id: '/pod', cmd: 'run' })).toMatchObject({ status: 409 });
    expect(await ask('PUT', '/v2/pods/app', pod({ id: '/app' }))).toMatchObject({ status: 409 });
    expect((await ask('GET', '/v2/tasks')).body).toMatchObject({ tasks: { length: 1 } });
    expect((await ask('GET', '/v2/groups')).body).toMatchObject({ apps: [{ id: '/app' }], pods: [{ id: '/pod' }] });
    expect(await ask('PUT', '/v2/groups', { apps: [] })).toMatchObject({ status: 200 });
    await platform.quiet();
    expect((await ask('GET', '/v2/pods')).body).toMatchObject([{ id: '/pod' }]);
  });

  it('that finds no place waits in the queue as a pod', async () => {
    const [web, side] = (pod() as { containers: object[] }).containers;
    await ask('POST', '/v2/pods', pod({ containers: [{ ...web, resources: { cpus: 1000 } }, side] }));
    await platform.time.advance(10_000);
    expect((await ask('GET', '/v2/queue')).body).toMatchObject({ queue: [{ pod: { id: '/pod' }, count: 1 }] });
  });
});

describe('a pod that makes no sense is refused:', () => {
  const one = { name: 'a', exec: { command: { shell: 'x' } } };
  it.each<[string, object, string]>([
    ['no containers', { containers: [] }, '/containers'],
    ['a container without command and image', { containers: [{ name: 'a' }] }, '/containers(0)/exec'],
    ['two containers of one name', { containers: [one, one] }, '/containers'],
    [
      'a mount of no volume',
      { containers: [{ ...one, volumeMounts: [{ name: 'v', mountPath: 'v' }] }] },
      '/containers(0)/volumeMounts',
    ],
    ['a volume that nobody mounts', { containers: [one], volumes: [{ name: 'v' }] }, '/volumes/v'],
    [
      'a container port on the host network',
      { containers: [{ ...one, endpoints: [{ name: 'e', containerPort: 80 }] }] },
      '/containers/endpoints/e',
    ],
    [
      'a variable with a strange name',
      { containers: [{ ...one, environment: { 'A-B': 'x' } }] },
      '/containers(0)/environment/A-B',
    ],
    [
      'a secret that is not declared',
      { containers: [{ ...one, environment: { A: { secret: 's' } } }] },
      '/containers(0)/environment/A',
    ],
    [
      'a check of an endpoint that is not there',
      { containers: [{ ...one, healthCheck: { tcp: { endpoint: 'e' } } }] },
      '/containers(0)/healthCheck',
    ],
    ['a name that is none', { containers: [{ ...one, name: 'A_B' }] }, '/containers(0)/name'],
  ])('%s', async (_, changes, path) => {
    const answer = await ask('POST', '/v2/pods', { id: '/pod', ...changes });
    expect(answer.status).toBe(422);
    expect((answer.body as { details: { path: string }[] }).details.map((each) => each.path)).toContain(path);
  });

  it('an image whose credentials are in a secret that it does not have', async () => {
    const image = { kind: 'DOCKER', id: 'host:5000/app', pullConfig: { secret: 'login' } };
    const containers = [{ name: 'web', resources: SMALL, image }];
    const refused = await ask('POST', '/v2/pods', { id: '/private', containers });
    expect([refused.status, JSON.stringify(refused.body)]).toEqual([422, expect.stringContaining('pullConfig/secret')]);
    const secrets = { login: { source: 'registry/login' } };
    expect((await ask('POST', '/v2/pods', { id: '/private', containers, secrets })).status).toBe(201);
  });

  it('another id than that of its path', async () => {
    expect((await ask('PUT', '/v2/pods/other', pod())).status).toBe(400);
  });
});
