/** What somebody sees of a cluster who was granted one team's apps and roles, by every path and call that tells of frameworks. */
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { OfferOperation } from '@stadion/contract/mesos';
import type { Sight } from '@stadion/contract/permissions';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Cluster, resources, task, type ScriptedAgent, type ScriptedFramework } from '../testing/cluster.ts';
import { HttpFramework } from '../testing/http-framework.ts';
import { reserved, volume } from '../testing/reserved.ts';
import { createMasterHttp } from './master-http.ts';

const within = (path: string): boolean => path === '/ours' || path.startsWith('/ours/');
const OURS: Sight = { isWhole: false, sees: within, leadsTo: (group) => group === '/' || within(group) };
/** Ids like those of an orchestrator's tasks: `<app with _>.<rest>`. */
const appOfTask = (id: string): string | undefined =>
  id.includes('.') ? `/${id.slice(0, id.indexOf('.')).replaceAll('_', '/')}` : undefined;

let cluster: Cluster;
let agent: ScriptedAgent;
let orchestrator: ScriptedFramework;
let theirs: ScriptedFramework;
let whole: FastifyInstance;
let narrowed: FastifyInstance;

beforeAll(async () => {
  cluster = await Cluster.start();
  whole = createMasterHttp(cluster.master);
  narrowed = createMasterHttp(cluster.master, { sightOf: () => OURS, appOfTask });
  agent = await cluster.agent('a1', resources(16, 16_384, { disk: 1000 }));
  orchestrator = await cluster.framework({ name: 'orchestrator' });
  const ids = ['ours_web.1', 'theirs_web.1', 'ours_gone.1', 'theirs_gone.1'];
  const tasks = ids.map((id) => task(id, agent.agentId, resources(1, 64)));
  await orchestrator.accept(orchestrator.lastOffer(), tasks, 3600);
  for (const role of ['ours', 'theirs']) {
    const framework = await cluster.framework({
      name: `batch-of-${role}`,
      roles: [role],
      capabilities: [{ type: 'MULTI_ROLE' }, { type: 'RESERVATION_REFINEMENT' }],
    });
    if (role === 'theirs') theirs = framework;
    const disk = [{ name: 'disk', type: 'SCALAR' as const, scalar: { value: 100 } }];
    const operations: OfferOperation[] = [
      { type: 'RESERVE', reserve: { resources: reserved(disk, role) } },
      { type: 'CREATE', create: { volumes: [volume(`volume-of-${role}`, 100, role)] } },
      { type: 'LAUNCH', launch: { task_infos: [task(`job-of-${role}`, agent.agentId, resources(2, 64))] } },
    ];
    await framework.operate(framework.lastOffer(), operations, 3600);
  }
  for (const id of ids.slice(2)) await agent.update(orchestrator.id, id, 'TASK_FAILED');
  await cluster.settle();
  const configured = cluster.master.configure((settings) => ({
    ok: true,
    settings: {
      ...settings,
      weights: ['ours', 'theirs'].map((role) => ({ role, weight: 2 })),
      quotas: ['ours/sub', 'theirs'].map((role) => ({ role, limits: { cpus: { value: 100 } } })),
    },
  }));
  await cluster.settle();
  expect(await configured).toBeUndefined();
});

afterAll(async () => {
  await whole.close();
  await narrowed.close();
});

async function ask(app: FastifyInstance, asked: { readonly path: string } | { readonly call: string }) {
  const answer =
    'path' in asked
      ? app.inject({ method: 'GET', url: asked.path })
      : app.inject({
          method: 'POST',
          url: '/api/v1',
          headers: { 'content-type': 'application/json' },
          payload: JSON.stringify({ type: asked.call }),
        });
  let isThere = false;
  void answer.then(() => (isThere = true));
  while (!isThere) await cluster.settle();
  const { statusCode, payload } = await answer;
  expect(statusCode).toBe(200);
  return payload;
}

const PATHS = ['state', 'state-summary', 'slaves', 'frameworks', 'tasks', 'roles', 'weights', 'quota'];
const CALLS = ['STATE', 'AGENTS', 'FRAMEWORKS', 'TASKS', 'ROLES', 'WEIGHTS', 'QUOTA'];

describe('whoever sees one team’s part', () => {
  it.each([
    ...PATHS.flatMap((path) => [{ path: `/${path}` }, { path: `/master/${path}` }]),
    ...CALLS.map((name) => ({ call: `GET_${name}` })),
  ])('is told that, and nothing of others, by %o', async (asked) => {
    expect(await ask(whole, asked)).toMatch(/theirs/);
    const text = await ask(narrowed, asked);
    expect(text).toMatch(/ours/);
    expect(text).not.toMatch(/theirs/);
  });

  it.each(['EXECUTORS', 'OPERATIONS', 'VERSION'])('is answered to GET_%s', async (name) => {
    expect(await ask(narrowed, { call: `GET_${name}` })).not.toMatch(/theirs/);
  });

  it('sees sums of what they see, and how full machines are', async () => {
    const state = JSON.parse(await ask(narrowed, { path: '/state' })) as {
      slaves: { used_resources: { cpus: number } }[];
      frameworks: { name: string; used_resources: { cpus: number }; tasks: unknown[]; completed_tasks: unknown[] }[];
    };
    expect(state.slaves[0]?.used_resources.cpus).toBe(6);
    const [first, second, ...more] = state.frameworks;
    expect(first).toMatchObject({ name: 'orchestrator', used_resources: { cpus: 1 } });
    expect([first?.tasks.length, first?.completed_tasks.length]).toEqual([2, 0]);
    expect(second).toMatchObject({ name: 'batch-of-ours', used_resources: { cpus: 2 } });
    expect(more).toEqual([]);
    const summary = await ask(narrowed, { path: '/state-summary' });
    expect(JSON.parse(summary)).toMatchObject({ slaves: [{ TASK_STAGING: 2, TASK_FAILED: 1 }] });
  });

  it('hears of changes of that part', async () => {
    await narrowed.listen({ host: '127.0.0.1', port: 0 });
    const operator = new HttpFramework((narrowed.server.address() as AddressInfo).port, '/api/v1');
    await operator.subscribe({ type: 'SUBSCRIBE' });
    const heard = async (text: string) =>
      vi.waitFor(
        async () => {
          await cluster.settle();
          expect(JSON.stringify(operator.events)).toContain(text);
        },
        { timeout: 10_000, interval: 5 },
      );
    await heard('SUBSCRIBED');
    await agent.update(orchestrator.id, 'theirs_web.1', 'TASK_RUNNING');
    await agent.update(orchestrator.id, 'ours_web.1', 'TASK_RUNNING');
    await heard('TASK_RUNNING');
    cluster.master.teardown(theirs.id);
    await cluster.framework({ name: 'theirs-again', roles: ['theirs'], capabilities: [{ type: 'MULTI_ROLE' }] });
    await cluster.framework({ name: 'anew', roles: ['theirs', 'ours'], capabilities: [{ type: 'MULTI_ROLE' }] });
    await heard('anew');
    expect(JSON.stringify(operator.events)).not.toMatch(/theirs/);
    operator.hangUp();
  });
});

describe('of what is neither theirs by a task nor by a role of today', () => {
  const capabilities = [{ type: 'MULTI_ROLE' as const }, { type: 'RESERVATION_REFINEMENT' as const }];
  const served = (options: object) => createMasterHttp(cluster.master, options);
  const everybodys = () => served({});
  const ours = () => served({ sightOf: () => OURS });
  let machine: ScriptedAgent;
  let framework: ScriptedFramework;

  beforeAll(async () => {
    cluster = await Cluster.start();
    framework = await cluster.framework({ name: 'at-work', roles: ['theirs'], capabilities });
    const set = { name: 'cpus', type: 'SCALAR' as const, scalar: { value: 2 }, role: 'theirs' };
    machine = await cluster.agent('machine', [...resources(4, 1024, { disk: 100 }), set]);
    const disk = [{ name: 'disk', type: 'SCALAR' as const, scalar: { value: 100 } }];
    const operations: OfferOperation[] = [
      { type: 'RESERVE', id: { value: 'for-theirs' }, reserve: { resources: reserved(disk, 'theirs') } },
      { type: 'LAUNCH', launch: { task_infos: [task('stays', machine.agentId, resources(1, 64))] } },
    ];
    await framework.operate(framework.lastOffer(), operations, 3600);
  });

  const update = (roles: string[], more: object = {}) =>
    framework.send({
      type: 'UPDATE_FRAMEWORK',
      framework_id: { value: framework.id },
      update_framework: { framework_info: { ...framework.info, roles }, ...more },
    });

  it.each([{ call: 'GET_AGENTS' }, { path: '/slaves' }, { path: '/state' }])(
    'a machine that works for others is not said to be drained, nor what it was started with for them, by %o',
    async (asked) => {
      void cluster.master.treatAgent(machine.agentId, { drain: { startedAt: 0, deadline: 1e15, markGone: false } });
      await cluster.settle();
      expect(await ask(everybodys(), asked)).toMatch(/theirs/);
      const text = await ask(ours(), asked);
      expect(text).toContain('"DRAINING"');
      expect(text).not.toMatch(/theirs|"DRAINED"/);
    },
  );

  it.each([{ call: 'GET_FRAMEWORKS' }, { path: '/frameworks' }])(
    'where others want to run is not told, by %o',
    async (asked) => {
      const constraint = { selector: { pseudoattribute_type: 'HOSTNAME' }, predicate: { exists: {} } };
      const wish = { groups: [{ attribute_constraints: [constraint] }] };
      await update(['ours', 'theirs'], { offer_constraints: { role_constraints: { ours: wish, theirs: wish } } });
      expect(await ask(everybodys(), asked)).toMatch(/role_constraints.*theirs/);
      const text = await ask(ours(), asked);
      expect(text).toMatch(/role_constraints.*ours/);
      expect(text).not.toMatch(/theirs/);
    },
  );

  it('operations of who has left all roles are nobody’s', async () => {
    await update([]);
    expect(await ask(everybodys(), { call: 'GET_OPERATIONS' })).toMatch(/for-theirs/);
    expect(await ask(ours(), { call: 'GET_OPERATIONS' })).not.toMatch(/theirs/);
  });

  it('nor is what a machine was started with that has yet to come back', async () => {
    await cluster.restartMaster();
    expect(await ask(everybodys(), { call: 'GET_AGENTS' })).toMatch(/recovered_agents.*theirs/);
    const text = await ask(ours(), { call: 'GET_AGENTS' });
    expect(text).toMatch(/recovered_agents.*machine/);
    expect(text).not.toMatch(/theirs/);
  });
});
