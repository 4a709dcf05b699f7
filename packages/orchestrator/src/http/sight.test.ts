/**
 * What somebody sees who was granted one team's apps: every route of the contract that is answered to them, and the event
 * stream, while two teams share deployments, a queue, locks and records.
 */
import { Readable } from 'node:stream';
import { SeededRandom, silentLogger } from '@stadion/base';
import { NO_SIGHT, type Sight } from '@stadion/contract/permissions';
import { orchestratorRoutes, type Route } from '@stadion/contract/orchestrator';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { TestPlatform } from '../engine/testing/platform.ts';
import type { Answer } from './answer.ts';
import { createOrchestratorHttp } from './server.ts';
import { EngineServer } from './testing/engine-server.ts';
import { listenTo } from './testing/event-listener.ts';

const within = (path: string): boolean => path === '/ours' || path.startsWith('/ours/');
const OURS: Sight = { isWhole: false, sees: within, leadsTo: (group) => group === '/' || within(group) };

/** Everything of the other team has this in it. */
const THEIRS = 'theirs';

const app = (id: string, more: object = {}) => ({ id, cmd: 'run', cpus: 0.1, ...more });
const pod = (id: string) => ({
  id,
  containers: [{ name: 'a', exec: { command: { shell: 'run' } }, resources: { cpus: 0.1 } }],
});
/** One change of both teams, half of which finds no place and so never ends. */
const BOTH = {
  groups: [
    { id: 'ours', apps: [app('web'), app('waits', { cpus: 1000 })] },
    { id: THEIRS, apps: [app('web'), app('waits', { cpus: 1000 })] },
  ],
};

const taskOf = (team: string): string => `${team}_web.instance-00000000-0000-0000-0000-000000000000._app.1`;
const TRAFFIC = {
  ...{ requests: 0, requestsPerSecond: 0, statuses: [], errorsPerSecond: 0, p50Ms: 0, p99Ms: 0 },
  ...{ bytesIn: 0, bytesOut: 0, active: 0, retries: 0 },
};
const serverOf = (team: string): object => ({
  ...{ id: `http://${team}:1`, app: `/${team}/web`, weight: 1, state: 'up' },
  ...{ active: 0, requests: 0, failures: 0, latencyMs: 0 },
});
const routeOf = (source: string, ...teams: string[]): object => ({
  ...{ name: `route of ${source}`, source, protocol: 'http', rule: 'Host(`a`)', service: 'web', priority: 1 },
  ...{ entryPoints: [], middlewares: [], servers: teams.map(serverOf), traffic: TRAFFIC },
});

/** What stands beside, of both teams. One answers in one go, others as it comes. */
const answers: Readonly<Record<string, unknown>> = {
  '/v1/routes': {
    routes: [routeOf('/ours/web', 'ours', THEIRS), routeOf(`/${THEIRS}/web`, 'ours'), routeOf(`${THEIRS}.json`)],
    problems: [{ source: `/${THEIRS}/web`, label: 'l', message: 'm', spoils: 'route' }],
    isConnected: true,
  },
  '/v1/rotation': { outOfRotation: [taskOf('ours'), taskOf(THEIRS), `${THEIRS} of no app`] },
  '/tasks': {
    tasks: ['ours', THEIRS].map((team) => ({
      ...{ id: taskOf(team), name: team, framework_id: 'f', executor_id: '', slave_id: 's', state: 'TASK_RUNNING' },
      ...{ resources: { cpus: 1, mem: 1, disk: 0, gpus: 0 }, statuses: [] },
    })),
  },
};
const answerOf = async (path: string): Promise<Answer> => ({
  status: 200,
  body: { kind: 'bytes', bytes: Readable.from([Buffer.from(JSON.stringify(answers[path]))]) },
});
const NOTHING: Answer = { status: 200, body: { kind: 'none' } };
const PARTS = {
  names: (_method: string, path: string) => answerOf(path),
  edge: (_method: string, path: string) => answerOf(path),
  cluster: {
    master: (path: string) => answerOf(path),
    ask: async () => NOTHING,
    agent: async () => undefined,
    order: async () => false,
    nodes: async () => [],
    history: () => ({ intervalSeconds: 10, samples: [] }),
  },
};

let platform: TestPlatform;
let everybodys: EngineServer;
let ours: EngineServer;
let nobodys: EngineServer;
let deploymentId: string;

beforeAll(async () => {
  platform = await TestPlatform.started();
  everybodys = new EngineServer(platform, PARTS);
  ours = new EngineServer(platform, { ...PARTS, sightOf: () => OURS });
  nobodys = new EngineServer(platform, { ...PARTS, sightOf: () => NO_SIGHT });
  for (const id of ['/ours/pod', `/${THEIRS}/pod`]) {
    expect((await everybodys.ask('POST', '/v2/pods', pod(id))).status).toBe(201);
    await platform.time.advance(2000);
  }
  for (const id of ['ours', THEIRS, `${THEIRS}/web`]) {
    const lock = { lock: { reason: `of ${id}` } };
    expect((await everybodys.ask('PUT', `/v2/policies/${id}`, lock)).status).toBe(200);
  }
  const { status, text } = await everybodys.ask('PUT', '/v2/groups?overridePolicy=true', BOTH);
  expect([status, text]).toMatchObject([200, expect.stringContaining('deploymentId')]);
  deploymentId = (JSON.parse(text) as { deploymentId: string }).deploymentId;
  await platform.time.advance(2000);
});

const filtered = Object.entries<Route>(orchestratorRoutes).filter(
  ([, { isFiltered, method }]) => isFiltered === true && method === 'GET',
);

/** A path of a route, as often as there are names that could be asked for in it. */
function pathsOf({ path }: Route): readonly string[] {
  const version = platform.engine.view.root.version;
  const named = path.replace('{deploymentId}', deploymentId).replace('{version}', version);
  const embeds = ['apps.tasks', 'apps.counts', 'group.apps', 'group.groups', 'group.pods', 'lastUnusedOffers'];
  const all = embeds.map((embed) => `embed=${embed}`).join('&');
  return ['ours', THEIRS, `${THEIRS}/web`].flatMap((group) => {
    const asked = named.replace('{group}', group);
    return [asked, `${asked}?extensions=true&${all}`, `${asked}?id=${group}/web`, `${asked}?app=${group}/web`];
  });
}

describe('every route that is answered with what the caller sees', () => {
  test.each(filtered.filter(([, { path }]) => path !== '/v2/events'))('%s', async (name, route) => {
    const texts: string[] = [];
    for (const path of new Set(pathsOf(route))) {
      const { status, text } = await ours.ask(route.method, path);
      expect([200, 404]).toContain(status);
      // What was asked for is said again where it is not found.
      if (status === 200) {
        expect([path, text.includes(THEIRS)]).toEqual([path, false]);
        texts.push(text);
      } else if (path.includes('ours')) {
        throw new Error(`${path} is ours, and was not found`);
      }
    }
    // Without events nobody has listened for.
    if (name !== 'listRecentEvents') {
      expect(texts.join('\n')).toContain('ours');
      // Else it would prove nothing.
      const whole = await Promise.all(pathsOf(route).map((path) => everybodys.ask(route.method, path)));
      expect(whole.map(({ text }) => text).join('\n')).toContain(THEIRS);
    }
    const [first = ''] = pathsOf(route);
    expect((await nobodys.ask(route.method, first)).text).not.toMatch(/ours\/|theirs/);
  });

  test.each(['/v2/apps/*', '/v2/apps/*/tasks'])('%s, which stands for a list', async (path) => {
    expect((await everybodys.ask('GET', path)).text).toContain(THEIRS);
    const { status, text } = await ours.ask('GET', path);
    expect([status, text.includes('/ours/web'), text.includes(THEIRS)]).toEqual([200, true, false]);
    expect((await ours.ask('GET', path.replace('*', `${THEIRS}/*`))).status).toBe(404);
  });
});

test('a route of an own app is told without the servers of others that it leads to as well', async () => {
  const { text } = await ours.ask('GET', '/v2/edge/routes');
  expect(JSON.parse(text)).toMatchObject({
    routes: [{ source: '/ours/web', servers: [{ app: '/ours/web' }] }],
    problems: [],
    isConnected: true,
  });
});

test('sums are of what is seen', async () => {
  const { text } = await ours.ask('GET', '/v2/overview/apps');
  expect(JSON.parse(text)).toMatchObject({ total: 2 });
  const [deployment] = JSON.parse((await ours.ask('GET', '/v2/deployments')).text) as [Record<string, unknown>];
  const [whole] = JSON.parse((await everybodys.ask('GET', '/v2/deployments')).text) as [Record<string, unknown>];
  expect(deployment['affectedApps']).toEqual(expect.arrayContaining(['/ours/waits', '/ours/web']));
  expect(deployment['affectedApps']).toHaveLength(2);
  // Where it stands is told, though not in what.
  expect(deployment['totalSteps']).toBe(whole['totalSteps']);
});

test('a deployment is changed by who may change all that it affects', async () => {
  const { text } = await everybodys.ask('PUT', '/v2/apps/ours/own?overridePolicy=true', {
    id: '/ours/own',
    cmd: 'run',
    cpus: 1000,
  });
  const own = (JSON.parse(text) as { deploymentId: string }).deploymentId;
  const actions = ['pause', 'resume', 'fail'].map((action) => ['POST', action] as const);
  for (const [method, action] of [...actions, ['DELETE', ''] as const]) {
    const answer = await ours.ask(method, `/v2/deployments/${deploymentId}${action === '' ? '' : `/${action}`}`);
    expect([action, answer.status, answer.text.includes(THEIRS)]).toEqual([action, 403, false]);
    expect((await nobodys.ask(method, `/v2/deployments/${own}${action === '' ? '' : `/${action}`}`)).status).toBe(404);
  }
  expect((await ours.ask('POST', `/v2/deployments/${own}/pause`)).status).toBe(200);
  expect((await ours.ask('DELETE', `/v2/deployments/${own}`)).status).toBe(200);
});

test('what an own app waits for is told without naming apps of others', async () => {
  const shared = await TestPlatform.started();
  const [all, own] = [new EngineServer(shared), new EngineServer(shared, { sightOf: () => OURS })];
  const groups = [
    { id: 'ours', apps: [app('web', { dependencies: [`/${THEIRS}/waits`] })] },
    { id: THEIRS, apps: [app('waits', { cpus: 1000 })] },
  ];
  expect((await all.ask('PUT', '/v2/groups', { groups })).status).toBe(200);
  await shared.time.advance(2000);
  const path = '/v2/apps/ours/web/why';
  expect((await all.ask('GET', path)).text).toContain(`comes after /${THEIRS}/waits`);
  const { text } = await own.ask('GET', path);
  expect([text.includes('comes later'), text.includes(THEIRS)]).toEqual([true, false]);
});

describe('the event stream', () => {
  const opened: { close(): Promise<unknown> }[] = [];
  afterEach(async () => {
    for (const server of opened.splice(0)) await server.close();
  });

  async function serve(sight: Sight | undefined): Promise<string> {
    const server = createOrchestratorHttp(platform.engine, {
      time: platform.time,
      random: new SeededRandom('api'),
      log: silentLogger,
      leader: () => undefined,
      ready: () => true,
      ...(sight !== undefined && { sightOf: () => sight }),
    });
    opened.push(server);
    return server.listen({ host: '127.0.0.1', port: 0 });
  }

  test.each(['', '?plan-format=full', '?extensions=true'])(
    'tells of own apps, and of shared deployments the own part%s',
    async (query) => {
      const address = await serve(OURS);
      const listener = await listenTo(`${address}/v2/events${query}`);
      await listener.until('event_stream_attached"');
      for (const id of [`/${THEIRS}/web`, '/ours/web']) {
        await everybodys.ask('POST', `/v2/apps${id}/restart?force=true&overridePolicy=true`);
        await platform.time.advance(2000);
      }
      const both = ['ours', THEIRS].map((group) => ({ id: `/${group}/web`, instances: 2 }));
      const { text } = await everybodys.ask('PUT', '/v2/apps?force=true&overridePolicy=true', both);
      const { deploymentId: last } = JSON.parse(text) as { deploymentId: string };
      await platform.time.advance(5000);
      await everybodys.ask('PUT', '/v2/apps/ours/web?force=true&overridePolicy=true', { instances: 1 });
      await listener.until(last);
      expect(listener.text).toContain('"/ours/web"');
      expect(listener.text).not.toContain(THEIRS);
      // Also told later, to who comes back, and to who asks what was lately.
      const firstId = /^id: (.*)\r$/m.exec(listener.text)?.[1] ?? '';
      const again = await listenTo(`${address}/v2/events${query}`, { 'last-event-id': firstId });
      await again.until(last);
      expect(again.text).not.toContain(THEIRS);
      const recent = await fetch(`${address}/v2/events/recent`);
      expect(await recent.text()).not.toContain(THEIRS);
      listener.leave();
      again.leave();
    },
  );
});
