/**
 * What somebody is told, on a real platform, who was granted one team's apps while another team's run beside them: every list of
 * the orchestrator and the master, files in sandboxes, routes of the edge, tasks out of rotation.
 */
import { orchestratorRoutes, type Route } from '@stadion/contract/orchestrator';
import { encodeProtobuf } from '@stadion/contract/mesos-wire';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, startGuarded } from './support/guarded-platform.ts';
import { waitFor, type RunningPlatform } from './support/running-platform.ts';

const GRANTS = {
  admin: ['*'],
  'a-reader': ['*:read /team-a'],
  'a-rotates': ['names:write /team-a'],
  'team-a': ['apps:write /team-a', 'tasks:exec /team-a', 'secrets:write /team-a'],
};

let platform: RunningPlatform;
let dispose: () => Promise<void>;

/** What the master says of the tasks of both teams. */
interface Known {
  readonly id: string;
  readonly slave_id: string;
  readonly framework_id: string;
}

let own: Known;
let other: Known;

beforeAll(async () => {
  ({ platform, dispose } = await startGuarded(GRANTS));
  const both = ['/team-a/web', '/team-b/hushed'].map((id) => ({
    ...{ id, cmd: 'sleep 1000', cpus: 0.1, mem: 32, portDefinitions: [{ port: 0, protocol: 'tcp' }] },
    labels: { 'traefik.enable': 'true', 'traefik.frontend.rule': `Host:${id.slice(1).replace('/', '.')}` },
  }));
  const url = `${platform.addresses.orchestrator}/v2/apps?force=true`;
  expect((await ask(url, 'PUT', 'admin', JSON.stringify(both))).status).toBe(200);
  await waitFor('both run', async () => {
    const { text } = await ask(`${platform.addresses.master}/tasks`, 'GET', 'admin');
    const { tasks } = JSON.parse(text) as { tasks: (Known & { state: string })[] };
    const running = tasks.filter(({ state }) => state === 'TASK_RUNNING');
    const found = ['team-a_web.', 'team-b_hushed.'].map((name) => running.find(({ id }) => id.startsWith(name)));
    const [first, second] = found;
    if (first === undefined || second === undefined) return false;
    [own, other] = [first, second];
    return true;
  });
}, 120_000);
afterAll(() => dispose());

const routes = Object.entries(orchestratorRoutes).map(([name, route]): [string, Route] => [name, route]);

describe('somebody who reads one team’s apps', () => {
  test.each(routes.filter(([, { method }]) => method === 'GET'))(
    'is told nothing of others by %s',
    async (_name, { path, permission, isFiltered }) => {
      const url = platform.addresses.orchestrator + path.replaceAll(/\{(?:id|group)\}/g, 'team-b/hushed');
      const { status, text } = await ask(url.replaceAll(/\{\w+\}/g, 'x'), 'GET', 'a-reader');
      if (isFiltered === true) {
        expect([200, 404, 405, 422]).toContain(status);
        if (status === 200) expect(text).not.toMatch(/team-b|hushed/);
      } else if (permission !== 'public' && permission !== 'signed-in') {
        // A list that knows nothing of what callers see is not for them.
        expect(status).toBe(403);
      }
    },
  );

  test('is told of their own', async () => {
    await waitFor('the edge knows both', async () => {
      const { text } = await ask(`${platform.addresses.orchestrator}/v2/edge/routes`, 'GET', 'admin');
      return text.includes('/team-a/web') && text.includes('/team-b/hushed');
    });
    const lists = ['/v2/apps', '/v2/tasks', '/v2/groups', '/v2/groups/team-a', '/v2/overview/instances'];
    for (const path of [...lists, '/v2/edge/routes']) {
      const { status, text } = await ask(platform.addresses.orchestrator + path, 'GET', 'a-reader');
      expect([path, status, text.includes('/team-a/web')]).toEqual([path, 200, true]);
    }
    const tasks = await ask(`${platform.addresses.orchestrator}/v2/cluster/tasks`, 'GET', 'a-reader');
    expect([tasks.status, tasks.text.includes('team-a_web'), tasks.text.includes('team-b')]).toEqual([
      200,
      true,
      false,
    ]);
  });
});

describe('somebody who reads one team’s files, routes and rotation', () => {
  const json = { 'content-type': 'application/json' };
  const folderOf = ({ framework_id, id }: Known): string => `/frameworks/${framework_id}/executors/${id}/runs/latest`;

  test('reads sandboxes of their own, at the agent and through the orchestrator, and no others', async () => {
    const { agent, orchestrator } = platform.addresses;
    const { slave_id: slave } = own;
    for (const base of [agent, `${agent}/slave(1)`, `${orchestrator}/v2/cluster/agents/${slave}`]) {
      const read = async (query: string, page = 'browse') => ask(`${base}/files/${page}?${query}`, 'GET', 'a-reader');
      const mine = encodeURIComponent(folderOf(own));
      const theirs = encodeURIComponent(folderOf(other));
      const { status, text } = await read(`path=${mine}`);
      expect([base, status, text.includes('stdout')]).toEqual([base, 200, true]);
      expect((await read(`path=${mine}%2Fstdout&offset=0`, 'read')).status).toBe(200);
      expect((await read(`path=${mine}%2Fstdout`, 'download')).status).toBe(200);
      expect((await ask(`${base}/files/browse?path=${theirs}`, 'GET', 'admin')).status).toBe(200);
      for (const query of [
        ...[`path=${theirs}`, `path=${theirs}/stdout`, '', 'path=/', `path=${mine}/../../../${other.id}/runs/latest`],
        // Whichever of several is read, and wherever one ends.
        ...[`path=${mine}&path=${theirs}`, `path=${theirs}&path=${mine}`, `path=${mine}%23&p%61th=${theirs}`],
        ...[`path=${mine}${theirs}`, `path=${theirs}${mine}`, `path=${theirs.replace('team-b', '%74eam-b')}`],
      ]) {
        expect([base, query, (await read(query)).status]).toEqual([base, query, 403]);
      }
    }
    for (const page of ['debug', 'debug.json']) {
      const url = `${agent}/files/${page}?path=${encodeURIComponent(folderOf(own))}`;
      expect([page, (await ask(url, 'GET', 'a-reader')).status]).toEqual([page, 403]);
    }
  });

  test('reads no log of a master or an agent, which tells of everybody', async () => {
    const { agent, master } = platform.addresses;
    const mine = encodeURIComponent(folderOf(own));
    for (const [base, log] of [
      [agent, '/slave/log'],
      [master, '/master/log'],
    ] as const) {
      for (const page of ['read', 'download']) {
        for (const query of [`path=${log}`, `path=${mine}&path=${log}`, `path=${log}&path=${mine}`]) {
          const { status } = await ask(`${base}/files/${page}?${query}&offset=0`, 'GET', 'a-reader');
          expect([base, page, query, status]).toEqual([base, page, query, 403]);
        }
      }
      const query = `path=${encodeURIComponent(`${log}${folderOf(own)}`)}&offset=0`;
      expect((await ask(`${base}/files/read?${query}`, 'GET', 'a-reader')).text).not.toContain('"level"');
      const call = JSON.stringify({ type: 'READ_FILE', read_file: { path: log, offset: 0 } });
      expect((await ask(`${base}/api/v1`, 'POST', 'a-reader', call, json)).status).toBe(403);
    }
  });

  test('by a call of the agent’s API, too', async () => {
    const url = `${platform.addresses.agent}/api/v1`;
    const call = async (path: unknown) =>
      ask(url, 'POST', 'a-reader', JSON.stringify({ type: 'LIST_FILES', list_files: { path } }), json);
    expect((await call(folderOf(own))).status).toBe(200);
    for (const path of [folderOf(other), `${folderOf(own)}${folderOf(other)}`, '/', 7, [folderOf(own)]]) {
      expect([path, (await call(path)).status]).toEqual([path, 403]);
    }
    const protobuf = { 'content-type': 'application/x-protobuf' };
    const read = (known: Known) =>
      encodeProtobuf('AgentCall', { type: 'READ_FILE', read_file: { path: `${folderOf(known)}/stdout`, offset: 0 } });
    expect((await ask(url, 'POST', 'a-reader', read(own), protobuf)).status).toBe(200);
    expect((await ask(url, 'POST', 'a-reader', read(other), protobuf)).status).toBe(403);
    // Whoever may read files of a team may read nothing else of the machine.
    expect((await ask(url, 'POST', 'a-reader', '{"type":"GET_STATE"}', json)).status).toBe(403);
  });

  test('takes their own tasks out of rotation, and hears of no others', async () => {
    const url = (task: Known) => `${platform.addresses.orchestrator}/v2/names/rotation/${task.id}`;
    expect((await ask(url(other), 'PUT', 'a-rotates')).status).toBe(403);
    expect((await ask(url(other), 'PUT', 'admin')).status).toBe(200);
    const { status, text } = await ask(url(own), 'PUT', 'a-rotates');
    expect([status, JSON.parse(text)]).toEqual([200, { outOfRotation: [own.id] }]);
    const list = await ask(`${platform.addresses.orchestrator}/v2/names/rotation`, 'GET', 'a-reader');
    expect([list.status, JSON.parse(list.text)]).toEqual([200, { outOfRotation: [own.id] }]);
    for (const task of [own, other]) expect((await ask(url(task), 'DELETE', 'admin')).status).toBe(200);
  });
});

describe('the same, at the master', () => {
  test.each(['state', 'state-summary', 'slaves', 'frameworks', 'tasks', 'roles', 'weights', 'quota'])(
    '/%s tells of their own',
    async (path) => {
      for (const url of [`${platform.addresses.master}/${path}`, `${platform.addresses.master}/master/${path}`]) {
        const { status, text } = await ask(url, 'GET', 'a-reader');
        expect([status, /team-b|hushed/.test(text)]).toEqual([200, false]);
        if (['state', 'frameworks', 'tasks'].includes(path)) expect(text).toContain('team-a_web');
        expect((await ask(url, 'GET', 'team-a')).status).toBe(403);
      }
    },
  );

  test('calls of the operator API are filtered or refused', async () => {
    const call = (type: string) =>
      ask(`${platform.addresses.master}/api/v1`, 'POST', 'a-reader', JSON.stringify({ type }), {
        'content-type': 'application/json',
      });
    const { status, text } = await call('GET_STATE');
    expect([status, text.includes('team-a_web'), /team-b|hushed/.test(text)]).toEqual([200, true, false]);
    for (const type of ['GET_METRICS', 'GET_FLAGS', 'GET_MAINTENANCE_STATUS', 'TEARDOWN', 'NO_SUCH']) {
      expect([type, (await call(type)).status]).toEqual([type, 403]);
    }
  });
});
