/**
 * Who may do what, on a real platform: every route of every port asked by nobody, by somebody without any grant, and by
 * somebody with exactly the grant that it takes; teams that may touch their own apps only; the platform's own parts.
 */
import { request } from 'node:http';
import { orchestratorRoutes, type Route } from '@stadion/contract/orchestrator';
import { encodeProtobuf } from '@stadion/contract/mesos-wire';
import { PERMISSIONS } from '@stadion/contract/permissions';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, startGuarded } from './support/guarded-platform.ts';
import { waitFor, type RunningPlatform } from './support/running-platform.ts';

const GRANTS: Readonly<Record<string, readonly string[]>> = {
  nobody: [],
  admin: ['*'],
  reader: ['*:read'],
  'team-a': ['apps:write /team-a', 'tasks:exec /team-a', 'secrets:write /team-a'],
  ...Object.fromEntries(PERMISSIONS.map((permission) => [`only-${permission.replace(':', '-')}`, [permission]])),
};

let platform: RunningPlatform;
let dispose: () => Promise<void>;

beforeAll(async () => {
  ({ platform, dispose } = await startGuarded(GRANTS));
}, 60_000);
afterAll(() => dispose());

const routes = Object.entries(orchestratorRoutes).map(([name, route]): [string, Route] => [name, route]);

describe('every route of the orchestrator', () => {
  test.each(routes.filter(([, { permission }]) => permission !== 'public'))(
    '%s',
    async (name, { method, path, permission }) => {
      const url =
        platform.addresses.orchestrator + path.replaceAll(/\{(?:id|group)\}/g, 'x/y').replaceAll(/\{\w+\}/g, 'x');
      expect((await ask(url, method)).status).toBe(401);
      const refused = await ask(url, method, 'nobody', method === 'GET' ? undefined : '{}');
      if (permission === 'signed-in') {
        expect(refused).toMatchObject({ status: 200 });
        return;
      }
      expect(refused).toMatchObject({ status: 403 });
      expect(refused.text).toContain(permission);
      // To have the leader step down would end the suite.
      if (name === 'abdicate') return;
      const let_in = await ask(
        url,
        method,
        `only-${permission.replace(':', '-')}`,
        method === 'GET' ? undefined : 'no',
      );
      expect([401, 403]).not.toContain(let_in.status);
    },
  );

  test('ping is for everybody, and the console for everybody who is known', async () => {
    const { orchestrator } = platform.addresses;
    expect((await ask(`${orchestrator}/ping`)).status).toBe(200);
    expect((await ask(`${orchestrator}/apps`, 'GET', undefined, undefined, { accept: 'text/html' })).status).toBe(401);
    const page = await ask(`${orchestrator}/apps`, 'GET', 'nobody', undefined, { accept: 'text/html' });
    expect(page).toMatchObject({ status: 200, type: expect.stringContaining('text/html') as string });
  });
});

describe('every other port', () => {
  const READS: readonly [keyof RunningPlatform['addresses'] | 'edgeAdmin', string, readonly string[]][] = [
    [
      'master',
      'cluster:read',
      ['state', 'state-summary', 'slaves', 'frameworks', 'tasks', 'roles', 'flags', 'version', 'metrics/snapshot']
        .flatMap((path) => [`/${path}`, `/master/${path}`, `/${path}.json`])
        .concat(['/weights', '/quota', '/maintenance/schedule', '/maintenance/status', '/what/ever']),
    ],
    ['agent', 'cluster:read', ['/state', '/slave(1)/state', '/metrics/snapshot', '/monitor/statistics', '/containers']],
    ['agent', 'files:read', ['/files/browse?path=/', '/files/read?path=/x&offset=0', '/files/download?path=/x']],
    ...(['agent', 'master'] as const).map((which): (typeof READS)[number] => {
      const log = which === 'agent' ? '/slave/log' : '/master/log';
      const pages = ['browse', 'read', 'download', 'debug'].flatMap((page) => [page, `${page}.json`]);
      return [which, 'files:read', pages.map((page) => `/files/${page}?path=${log}&offset=0`)];
    }),
    ['dnsHttp', 'names:read', ['/v1/version', '/v1/config', '/v1/enumerate', '/v1/axfr', '/v1/rotation', '/metrics']],
    [
      'edgeAdmin',
      'edge:read',
      [
        '/metrics',
        '/v1/routes',
        '/v1/certificates',
        '/api/rawdata',
        '/api/http/routers',
        '/_haproxy_getconfig',
        '/haproxy?stats;csv',
      ],
    ],
  ];
  test.each(READS)('%s: reading takes %s', async (which, permission, paths) => {
    const base = (platform.addresses as Readonly<Record<string, string>>)[which] ?? '';
    for (const path of paths) {
      expect([path, (await ask(base + path)).status]).toEqual([path, 401]);
      expect([path, (await ask(base + path, 'GET', 'nobody')).status]).toEqual([path, 403]);
      const found = await ask(base + path, 'GET', `only-${permission.replace(':', '-')}`);
      expect([path, [401, 403].includes(found.status)]).toEqual([path, false]);
      // What changes takes more than what reads.
      expect([path, (await ask(base + path, 'PUT', 'reader')).status]).toEqual([path, 403]);
    }
  });

  test('a path is the same however it is written', async () => {
    const { agent, orchestrator } = platform.addresses;
    // A request line of our own: addresses would be made whole or tidied.
    const raw = (target: string, who: string) => {
      const { hostname, port } = new URL(orchestrator);
      return new Promise<number>((resolve, reject) => {
        const headers = { authorization: `Bearer secret-of-${who}` };
        request({ hostname, port, path: target, headers }, (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        })
          .on('error', reject)
          .end();
      });
    };
    for (const path of ['/%66iles/browse?path=/', '/slave%281%29/files/browse?path=/']) {
      expect([path, (await ask(agent + path, 'GET', 'only-cluster-read')).status]).toEqual([path, 403]);
      expect([path, (await ask(agent + path, 'GET', 'only-files-read')).status]).not.toEqual([path, 403]);
    }
    const secrets = '/%73ecrets/v1/secret/default/?list=true';
    expect((await ask(orchestrator + secrets, 'GET', 'nobody')).status).toBe(403);
    expect((await ask(orchestrator + secrets, 'GET', 'only-secrets-read')).status).toBe(200);
    expect(await raw('http://team-b/secrets/v1/secret/default/?list=true', 'nobody')).toBe(403);
    expect(await raw('http://x/v2/apps', 'admin')).toBe(403);
  });

  test('signs of life need nobody', async () => {
    for (const path of ['/health', '/master/health']) {
      expect((await ask(platform.addresses.master + path)).status).toBe(200);
    }
    expect((await ask(`${platform.addresses.dnsHttp}/healthz`)).status).toBe(200);
  });

  test('an operator’s call is judged by what it asks, in JSON and in protobuf', async () => {
    const url = `${platform.addresses.master}/api/v1`;
    const json = { 'content-type': 'application/json' };
    const protobuf = { 'content-type': 'application/x-protobuf' };
    for (const who of [undefined, 'nobody']) {
      expect([401, 403]).toContain((await ask(url, 'POST', who, '{"type":"GET_STATE"}', json)).status);
    }
    expect((await ask(url, 'POST', 'reader', '{"type":"GET_STATE"}', json)).status).toBe(200);
    const teardown = { type: 'TEARDOWN', teardown: { framework_id: { value: 'x' } } };
    expect((await ask(url, 'POST', 'reader', JSON.stringify(teardown), json)).status).toBe(403);
    expect((await ask(url, 'POST', 'admin', JSON.stringify(teardown), json)).status).toBe(400);
    // The log tells of everybody: neither reading nor changing the cluster includes it.
    const log = JSON.stringify({ type: 'READ_FILE', read_file: { path: '/master/log', offset: 0, length: 1 } });
    for (const who of ['only-cluster-read', 'only-cluster-write', 'nobody']) {
      expect([who, (await ask(url, 'POST', who, log, json)).status]).toEqual([who, 403]);
    }
    expect((await ask(url, 'POST', 'only-files-read', log, json)).status).toBe(200);
    const list = JSON.stringify({ type: 'LIST_FILES', list_files: { path: '/master' } });
    expect((await ask(url, 'POST', 'only-cluster-write', list, json)).status).toBe(403);
    expect((await ask(url, 'POST', 'only-files-read', list, json)).status).toBe(404);
    const read = encodeProtobuf('OperatorCall', { type: 'GET_HEALTH' });
    expect((await ask(url, 'POST', 'reader', read, protobuf)).status).toBe(200);
    expect((await ask(url, 'POST', 'reader', encodeProtobuf('OperatorCall', teardown), protobuf)).status).toBe(403);
  });

  test('how much is logged is told to who reads, and changed by who changes, the cluster', async () => {
    const json = { 'content-type': 'application/json' };
    const duration = { nanoseconds: 1 };
    const order = JSON.stringify({ type: 'SET_LOGGING_LEVEL', set_logging_level: { level: 1, duration } });
    for (const base of [platform.addresses.master, platform.addresses.agent]) {
      const toggle = `${base}/logging/toggle?level=1&duration=1ms`;
      for (const who of ['reader', 'nobody', 'only-files-read', 'only-system-write']) {
        expect([base, who, (await ask(`${base}/api/v1`, 'POST', who, order, json)).status]).toEqual([base, who, 403]);
        for (const url of [toggle, toggle.replace('toggle', 't%6fggle')]) {
          expect([url, who, (await ask(url, 'GET', who)).status]).toEqual([url, who, 403]);
          expect([url, who, (await ask(url, 'POST', who)).status]).toEqual([url, who, 403]);
        }
      }
      expect((await ask(`${base}/logging/toggle`)).status).toBe(401);
      expect((await ask(`${base}/logging/toggle`, 'GET', 'nobody')).status).toBe(403);
      expect((await ask(`${base}/logging/toggle`, 'GET', 'only-cluster-read')).status).toBe(200);
      for (const method of ['GET', 'POST']) expect((await ask(toggle, method, 'only-cluster-write')).status).toBe(200);
      expect((await ask(`${base}/api/v1`, 'POST', 'only-cluster-write', order, json)).status).toBe(200);
    }
  });

  test('working inside containers over the agent’s API takes the right to that, and nothing else does', async () => {
    const url = `${platform.addresses.agent}/api/v1`;
    const json = { 'content-type': 'application/json' };
    const records = { 'content-type': 'application/recordio', 'message-content-type': 'application/json' };
    const launch = JSON.stringify({ type: 'LAUNCH_NESTED_CONTAINER_SESSION' });
    for (const who of ['reader', 'only-cluster-write', 'team-a']) {
      expect([who, (await ask(url, 'POST', who, launch, json)).status]).toEqual([who, 403]);
      expect([who, (await ask(url, 'POST', who, ` ${launch}`, json)).status]).toEqual([who, 403]);
      expect([who, (await ask(url, 'POST', who, '2\n{}', records)).status]).toEqual([who, 403]);
    }
    expect((await ask(url, 'POST', 'only-tasks-exec', launch, json)).status).toBe(400);
    expect((await ask(url, 'POST', 'only-tasks-exec', '2\n{}', records)).status).toBe(400);
    // A call is what it is in the form that it says it has, whatever else it could be read as.
    const session = encodeProtobuf('AgentCall', { type: 'LAUNCH_NESTED_CONTAINER_SESSION' });
    const protobuf = { 'content-type': 'application/x-protobuf' };
    expect((await ask(url, 'POST', 'reader', session, protobuf)).status).toBe(403);
    expect(
      (await ask(url, 'POST', 'reader', encodeProtobuf('AgentCall', { type: 'GET_STATE' }), protobuf)).status,
    ).toBe(200);
    const read = JSON.stringify({ type: 'READ_FILE', read_file: { path: '/x', offset: 0 } });
    expect((await ask(url, 'POST', 'only-cluster-read', read, json)).status).toBe(403);
    expect((await ask(url, 'POST', 'only-files-read', read, json)).status).toBe(404);
    // What nobody grants to those who only read is judged as changing.
    expect((await ask(url, 'POST', 'only-tasks-exec', '{"type":"PRUNE_IMAGES"}', json)).status).toBe(403);
  });

  test('executors of frameworks are asked for their own tokens, and nothing else is worth anything there', async () => {
    const url = `${platform.addresses.agent}/api/v1/executor`;
    const caller = { framework_id: { value: 'f' }, executor_id: { value: 'e' } };
    for (const user of [undefined, 'reader']) {
      const answer = await ask(url, 'POST', user, JSON.stringify({ type: 'SUBSCRIBE', ...caller }), {
        'content-type': 'application/json',
      });
      expect([user, answer.status]).toEqual([user, 401]);
    }
  });

  test('frameworks, agents and sessions come in by their own grants only', async () => {
    const { master, orchestrator } = platform.addresses;
    const subscribe = JSON.stringify({ type: 'SUBSCRIBE' });
    const scheduler = `${master}/api/v1/scheduler`;
    const json = { 'content-type': 'application/json' };
    expect((await ask(scheduler, 'POST', 'reader', subscribe, json)).status).toBe(403);
    expect((await ask(scheduler, 'POST', 'only-frameworks-run', subscribe, json)).status).toBe(400);
    const upgrade = { connection: 'Upgrade', upgrade: 'stadion-agent-link/1' };
    expect((await ask(`${master}/stadion/agent-link`, 'GET', undefined, undefined, upgrade)).status).toBe(401);
    expect((await ask(`${master}/stadion/agent-link`, 'GET', 'reader', undefined, upgrade)).status).toBe(403);
    const session = { connection: 'Upgrade', upgrade: 'stadion-session/1' };
    const exec = (task: string) => `${orchestrator}/v2/tasks/${task}/exec?argv=id`;
    const task = 'team-b_web.instance-00000000-0000-0000-0000-000000000000._app.1';
    expect((await ask(exec(task), 'GET', undefined, undefined, session)).status).toBe(401);
    expect((await ask(exec(task), 'GET', 'team-a', undefined, session)).status).toBe(403);
    expect((await ask(exec(task.replace('team-b', 'team-a')), 'GET', 'team-a', undefined, session)).status).toBe(404);
  });
});

describe('a team', () => {
  const app = (id: string, more: object = {}): string =>
    JSON.stringify({ id, cmd: 'sleep 1000', cpus: 0.1, mem: 32, ...more });
  const call = async (method: string, path: string, body?: string): Promise<number> =>
    (await ask(platform.addresses.orchestrator + path, method, 'team-a', body)).status;

  test('deploys, changes and removes what is below its path', async () => {
    expect(await call('POST', '/v2/apps', app('/team-a/web'))).toBe(201);
    await waitFor('it runs', async () => {
      const { text } = await ask(`${platform.addresses.orchestrator}/v2/apps/team-a/web`, 'GET', 'reader');
      return (JSON.parse(text) as { app: { tasksRunning: number } }).app.tasksRunning === 1;
    });
    expect(await call('PUT', '/v2/apps/team-a/web?force=true', '{"instances":2}')).toBe(200);
    expect(
      await call('PUT', '/v2/groups/team-a/sub?force=true', JSON.stringify({ apps: [JSON.parse(app('x'))] })),
    ).toBeLessThan(300);
    const records = await ask(`${platform.addresses.orchestrator}/v2/deployment-records`, 'GET', 'reader');
    expect(records.text).toContain('"by":"team-a, 127.0.0.1');
    const lie = { 'x-stadion-user': 'admin' };
    await ask(`${platform.addresses.orchestrator}/v2/apps/team-a/web/restart`, 'POST', 'team-a', '', lie);
    expect((await ask(`${platform.addresses.orchestrator}/v2/deployment-records`, 'GET', 'reader')).text).not.toContain(
      '"by":"admin',
    );
    expect(await call('DELETE', '/v2/deployments/x')).toBe(404);
    const planned = { group: { id: '/team-a', apps: [JSON.parse(app('web', { instances: 3 }))] } };
    expect(await call('POST', '/v2/plan', JSON.stringify(planned))).toBe(200);
    expect(await call('DELETE', '/v2/groups/team-a?force=true')).toBe(200);
    expect(await call('PUT', '/secrets/v1/secret/default/team-a/key', '{"value":"v"}')).toBe(201);
  });

  test.each<[string, string, string | undefined]>([
    ['POST', '/v2/apps', app('/team-b/web')],
    ['POST', '/v2/apps', app('/team-ab')],
    ['POST', '/v2/apps', app('/team-a/../team-b/web')],
    ['POST', '/v2/apps', '{"cmd":"no id"}'],
    ['POST', '/v2/apps', 'no json'],
    ['PUT', '/v2/apps', `[${app('/team-a/web')},${app('/team-b/web')}]`],
    ['PUT', '/v2/apps/team-b/web', '{"instances":2}'],
    ['PUT', '/v2/apps//team-b/web', '{"instances":2}'],
    ['PUT', '/v2/apps/team-b%2Fweb', '{"instances":2}'],
    ['PUT', '/v2/groups', JSON.stringify({ id: '/team-a', groups: [{ id: '/team-b' }] })],
    ['PUT', '/v2/groups/team-a', JSON.stringify({ apps: [{ id: '/team-b/web', cmd: 'x' }] })],
    ['PUT', '/v2/groups/team-a', JSON.stringify({ groups: [{ id: '../team-b', apps: [{ id: 'web', cmd: 'x' }] }] })],
    ['DELETE', '/v2/groups', undefined],
    ['POST', '/v2/pods', JSON.stringify({ id: '/team-b/pod', containers: [] })],
    ['POST', '/v2/tasks/delete', JSON.stringify({ ids: ['team-b_web.instance-x._app.1'] })],
    ['POST', '/v2/tasks/delete', JSON.stringify({ ids: ['whatever'] })],
    ['POST', '/v2/plan', JSON.stringify({ app: JSON.parse(app('/team-b/web')) })],
    ['POST', '/v2/plan', JSON.stringify({ apps: ['/team-a/web', '/team-b/web'].map((id) => JSON.parse(app(id))) })],
    ['POST', '/v2/plan', JSON.stringify({ group: { apps: [JSON.parse(app('/team-a/web'))] } })],
    ['POST', '/v2/plan', JSON.stringify({ group: { id: '/team-a', groups: [{ id: '/team-b' }] } })],
    ['DELETE', '/v2/leader', undefined],
    ['GET', '/v2/apps', undefined],
    ['PUT', '/v2/apps/team-a/..%2Fteam-b/web', app('web')],
    ['DELETE', '/v2/groups/team-a/..%2Fteam-b', undefined],
    ['PUT', '/secrets/v1/secret/default/team-b/key', '{"value":"v"}'],
    ['PUT', '/secrets/v1/secret/default/team-a/..%2Fteam-b/key', '{"value":"v"}'],
  ])('may not %s %s %s', async (method, path, body) => {
    expect(await call(method, path, body)).toBe(403);
  });
});

test('the platform’s own parts know each other: names, console figures and the edge work', async () => {
  const { orchestrator, dnsHttp } = platform.addresses;
  expect(
    (await ask(`${orchestrator}/v2/apps`, 'POST', 'admin', '{"id":"/seen","cmd":"sleep 1000","cpus":0.1,"mem":32}'))
      .status,
  ).toBe(201);
  await waitFor('its name is known', async () => {
    const { text } = await ask(`${dnsHttp}/v1/hosts/seen.marathon.mesos`, 'GET', 'reader');
    return text.includes('127.0.0.1');
  });
  const overview = await ask(`${orchestrator}${orchestratorRoutes.clusterMetrics.path}`, 'GET', 'reader');
  expect(overview.status).toBe(200);
  expect(platform.output).not.toContain('secret-of');
});
