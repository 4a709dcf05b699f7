import { describe, expect, it } from 'vitest';
import { FRAMEWORKS_MAX } from './limits.ts';
import { Cluster, ScriptedFramework, task } from './testing/cluster.ts';

const errors = (framework: ScriptedFramework): string[] =>
  framework.events.flatMap((event) => (event.type === 'ERROR' ? [event.error.message] : []));

describe('a subscription', () => {
  it('gives a new framework an id, then a heartbeat at once and every five seconds', async () => {
    const cluster = await Cluster.start();
    const framework = await cluster.framework();
    expect(framework.id).toMatch(/^[0-9a-f-]{36}-0000$/);
    expect(framework.events.map(({ type }) => type)).toEqual(['SUBSCRIBED', 'HEARTBEAT']);
    expect(framework.events[0]).toMatchObject({
      subscribed: { heartbeat_interval_seconds: 5, master_info: { pid: 'master@10.0.0.100:5050' } },
    });
    await cluster.time.advance(15_000);
    expect(framework.events.filter(({ type }) => type === 'HEARTBEAT')).toHaveLength(4);
  });

  it('with the id of another master is adopted', async () => {
    const cluster = await Cluster.start();
    const framework = await cluster.framework({ id: { value: 'from-before-0007' } });
    expect(framework.id).toBe('from-before-0007');
  });

  it('of a framework that is connected elsewhere supersedes that one, with its offers', async () => {
    const cluster = await Cluster.start();
    const agent = await cluster.agent('a1');
    const old = await cluster.framework();
    const offer = old.lastOffer();
    const next = await cluster.framework(old.info);
    expect(errors(old)).toEqual(['Framework failed over']);
    expect(old.closed).toHaveLength(1);
    expect(old.events.some(({ type }) => type === 'RESCIND')).toBe(false);
    await next.accept(offer, [task('t1', agent.agentId)]);
    expect(next.lastStatus('t1')).toMatchObject({ state: 'TASK_DROPPED', reason: 'REASON_INVALID_OFFERS' });
    // What the old one still sends has no effect.
    await old.accept(next.lastOffer(), [task('t2', agent.agentId)]);
    expect(agent.of('RUN_TASKS')).toHaveLength(0);
  });

  it('over the same connection again keeps the framework', async () => {
    const cluster = await Cluster.start();
    const framework = await cluster.framework({ failover_timeout: 0 });
    await framework.subscribe();
    expect(framework.events.filter(({ type }) => type === 'SUBSCRIBED')).toHaveLength(2);
    expect(cluster.master.view?.frameworks.size).toBe(1);
  });

  it.each([
    ['roles without MULTI_ROLE', { roles: ['a'] }, 'needs the capability MULTI_ROLE'],
    ['role with MULTI_ROLE', { role: 'a', capabilities: [{ type: 'MULTI_ROLE' as const }] }, 'must not be set'],
    ['a role twice', { roles: ['a', 'a'], capabilities: [{ type: 'MULTI_ROLE' as const }] }, 'a role twice'],
    ['a role that climbs', { role: 'a/../b' }, 'not a valid name'],
    ['an id with a slash', { id: { value: 'a/b' } }, 'contains a slash'],
    ['a negative timeout', { failover_timeout: -1 }, 'must not be negative'],
  ])('with %s is refused with an ERROR and closed', async (_case, info, sentence) => {
    const cluster = await Cluster.start();
    const framework = await cluster.framework(info);
    expect(errors(framework)[0]).toContain(sentence);
    expect(framework.closed).toHaveLength(1);
    expect(cluster.master.view?.frameworks.size).toBe(0);
  });

  it('may not change the principal', async () => {
    const cluster = await Cluster.start();
    const framework = await cluster.framework({ principal: 'ops' });
    const thief = await cluster.framework({ ...framework.info, principal: 'other' });
    expect(errors(thief)).toEqual([`Changing framework's principal is not allowed`]);
    expect(framework.closed).toHaveLength(0);
  });

  it('is refused when there are as many as a master takes, and those that are known come back', async () => {
    const cluster = await Cluster.start();
    const all = Array.from({ length: FRAMEWORKS_MAX }, (_, index) => {
      return new ScriptedFramework(cluster, { user: 'nobody', name: String(index), failover_timeout: 3600 });
    });
    for (const framework of all) framework.connect();
    await cluster.settle();
    expect(cluster.master.view?.frameworks.size).toBe(FRAMEWORKS_MAX);
    for (const id of [undefined, 'unheard-of']) {
      const late = await cluster.framework(id === undefined ? {} : { id: { value: id } });
      expect(late.events.at(-1)).toMatchObject({ type: 'ERROR' });
    }
    const [first] = all;
    await first?.close();
    await first?.subscribe();
    expect(first?.events.at(-1)?.type).not.toBe('ERROR');
    expect(cluster.master.view?.frameworks.size).toBe(FRAMEWORKS_MAX);
  });

  it('to a master that does not run is closed at once', async () => {
    const cluster = await Cluster.start();
    await cluster.master.stop();
    const framework = await cluster.framework();
    expect(framework.closed).toEqual(['the master is not running']);
  });
});

describe('a framework that disconnects', () => {
  it('has its failover timeout to come back; its tasks run on', async () => {
    const cluster = await Cluster.start();
    const agent = await cluster.agent('a1');
    const framework = await cluster.framework({ failover_timeout: 60 });
    await framework.accept(framework.lastOffer(), [task('t1', agent.agentId)]);
    await framework.close();
    expect(cluster.master.view?.offers.size).toBe(0);
    await cluster.time.advance(50_000);
    await framework.subscribe();
    await cluster.time.advance(60_000);
    expect(agent.of('SHUTDOWN_FRAMEWORK')).toHaveLength(0);
    expect(cluster.master.view?.frameworks.get(framework.id)?.tasks.size).toBe(1);
  });

  it('is removed when that is over, and may not come back', async () => {
    const cluster = await Cluster.start();
    const agent = await cluster.agent('a1');
    const framework = await cluster.framework({ failover_timeout: 60 });
    await framework.accept(framework.lastOffer(), [task('t1', agent.agentId)]);
    await framework.close();
    await cluster.time.advance(61_000);
    expect(agent.of('SHUTDOWN_FRAMEWORK')).toEqual([
      { type: 'SHUTDOWN_FRAMEWORK', framework_id: { value: framework.id } },
    ]);
    expect(cluster.master.view?.agents.get(agent.agentId)?.charged.cpus).toBe(0);
    const [completed] = cluster.master.view?.completedFrameworks ?? [];
    expect([...(completed?.completedTasks ?? [])].map(({ state }) => state)).toEqual(['TASK_KILLED']);
    await framework.subscribe();
    expect(errors(framework)).toEqual(['Framework has been removed']);
    // The agent may not have heard it: it is told again whenever it speaks of that framework.
    await agent.update(framework.id, 't1', 'TASK_RUNNING');
    expect(agent.of('SHUTDOWN_FRAMEWORK')).toHaveLength(2);
  });

  it('is told at once what nobody took while it was away: agents are asked to send that again', async () => {
    const cluster = await Cluster.start();
    const agents = [await cluster.agent('a1'), await cluster.agent('a2')];
    const framework = await cluster.framework();
    for (const [index, agent] of agents.entries()) {
      const offer = framework.offers().find((each) => each.agent_id.value === agent.agentId);
      if (offer !== undefined) await framework.accept(offer, [task(`t${String(index)}`, agent.agentId)]);
    }
    const [first, second] = agents;
    const { uuid = '' } = (await first?.update(framework.id, 't0', 'TASK_RUNNING')) ?? {};
    const acknowledge = { agent_id: { value: first?.agentId ?? '' }, task_id: { value: 't0' }, uuid };
    await framework.send({ type: 'ACKNOWLEDGE', framework_id: { value: framework.id }, acknowledge });
    await framework.close();
    await second?.update(framework.id, 't1', 'TASK_RUNNING');
    framework.reconnect();
    await framework.subscribe();
    expect(agents.map((agent) => agent.of('RESUME_UPDATES').length)).toEqual([0, 1]);
  });

  it('without a failover timeout is removed at once', async () => {
    const cluster = await Cluster.start();
    const framework = await cluster.framework({ failover_timeout: 0 });
    await framework.close();
    expect(cluster.master.view?.frameworks.size).toBe(0);
  });
});

describe('TEARDOWN', () => {
  it('ends the framework on every agent', async () => {
    const cluster = await Cluster.start();
    const agents = [await cluster.agent('a1'), await cluster.agent('a2')];
    const framework = await cluster.framework();
    for (const [index, offer] of framework.offers().entries()) {
      await framework.accept(offer, [task(`t${String(index)}`, offer.agent_id.value)]);
    }
    await framework.send({ type: 'TEARDOWN', framework_id: { value: framework.id } });
    for (const agent of agents) expect(agent.of('SHUTDOWN_FRAMEWORK')).toHaveLength(1);
    expect(framework.closed).toHaveLength(1);
    expect(cluster.master.view?.offers.size).toBe(0);
    expect([...(cluster.master.view?.roles.roles() ?? [])]).toEqual([]);
  });
});
