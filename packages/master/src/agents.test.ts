import { describe, expect, it } from 'vitest';
import { MemoryAgentRegistry } from './agent-registry.ts';
import type { RegistryChange } from './core/cluster/exchange.ts';
import { Cluster, ScriptedAgent, resources } from './testing/cluster.ts';
import { charged, reported, stage } from './testing/running-tasks.ts';

/** Holds every write until it is let go. */
class SlowRegistry extends MemoryAgentRegistry {
  private readonly held: (() => void)[] = [];
  holding = true;

  override async apply(change: RegistryChange): Promise<void> {
    if (this.holding) await new Promise<void>((resolve) => this.held.push(resolve));
    await super.apply(change);
  }

  release(): void {
    this.holding = false;
    for (const resume of this.held.splice(0)) resume();
  }
}

describe('an agent that registers', () => {
  it('is told so only once the registry has it', async () => {
    const registry = new SlowRegistry();
    const cluster = await Cluster.start({}, registry);
    const agent = await cluster.agent('a1');
    agent.register();
    await cluster.settle();
    expect(agent.received).toEqual([]);
    registry.release();
    await cluster.settle();
    expect(agent.of('REGISTERED')).toHaveLength(1);
    expect(agent.agentId).toMatch(/-S0$/);
    expect(await registry.load()).toMatchObject([{ id: agent.agentId, state: 'admitted' }]);
  });

  it('is registered although the first write failed', async () => {
    const registry = new MemoryAgentRegistry();
    const works = registry.apply.bind(registry);
    let failures = 2;
    registry.apply = (change) => {
      failures -= 1;
      return failures >= 0 ? Promise.reject(new Error('disk full')) : works(change);
    };
    const cluster = await Cluster.start({}, registry);
    const agent = await cluster.agent('a1');
    expect(agent.id).toBeUndefined();
    await cluster.time.advance(2_500);
    expect(agent.of('REGISTERED')).toHaveLength(1);
  });

  it('is refused with the id of one that answers from another address, until that one is silent', async () => {
    const cluster = await Cluster.start();
    const agent = await cluster.agent('a1');
    const copy = new ScriptedAgent(cluster, 'a2', resources(1, 64));
    copy.id = agent.agentId;
    copy.ip = '10.0.0.2';
    await copy.connect();
    expect(copy.of('REGISTERED')).toEqual([]);
    expect(copy.of('REJECTED')).toMatchObject([{ shutdown: false }]);
    expect(copy.of('REJECTED')[0]?.reason).toContain('is connected from 10.0.0.1:5051');
    expect([copy.closed, agent.closed]).toEqual([true, false]);
    agent.answersPings = false;
    await cluster.time.advance(7_000);
    await copy.connect();
    expect(copy.of('REGISTERED')).toHaveLength(1);
  });

  it('gets the same id however often it says so', async () => {
    const cluster = await Cluster.start();
    const agent = await cluster.agent('a1');
    agent.register();
    await cluster.settle();
    expect(new Set(agent.of('REGISTERED').map(({ agent_id: id }) => id.value)).size).toBe(1);
    expect(cluster.master.view?.agents.size).toBe(1);
  });

  it('anew after it never learnt its id takes the place of that entry', async () => {
    const cluster = await Cluster.start();
    const agent = await cluster.agent('a1');
    await agent.disconnect();
    agent.id = undefined;
    await agent.connect();
    expect([...(cluster.master.view?.agents.keys() ?? [])]).toEqual([agent.agentId]);
    expect(await cluster.registry.load()).toHaveLength(1);
  });

  it('has what cannot be read of it left out', async () => {
    const cluster = await Cluster.start();
    await cluster.agent('a1', [...resources(2, 1024), { name: 'bugs', type: 'SET', set: { item: ['a'] } }]);
    const framework = await cluster.framework();
    expect(framework.lastOffer().resources.map(({ name }) => name)).toEqual(['cpus', 'mem']);
  });
});

describe('an agent whose link breaks', () => {
  it('has its offers rescinded at once, and its tasks left alone', async () => {
    const { cluster, agent, framework } = await stage(['t1']);
    const offer = framework.lastOffer();
    await agent.disconnect();
    expect(framework.events).toContainEqual({ type: 'RESCIND', rescind: { offer_id: offer.id } });
    await cluster.time.advance(5_000);
    expect(framework.lastStatus('t1').state).toBe('TASK_RUNNING');
    expect(cluster.master.view?.offers.size).toBe(0);
    expect(charged(cluster, agent)).toBe(1000);
  });

  it('comes back with its tasks as if nothing had been', async () => {
    const { cluster, agent, framework } = await stage(['t1', 't2']);
    await agent.disconnect();
    await agent.connect();
    expect(charged(cluster, agent)).toBe(2000);
    expect(framework.statuses()).toHaveLength(2);
    expect(cluster.master.view?.offers.size).toBe(1);
  });

  it('comes back without some: those are gone, or were never launched', async () => {
    const { cluster, agent, framework } = await stage(['t1', 't2']);
    await framework.accept(framework.lastOffer(), [reported(framework, agent, 't3').info]);
    await agent.disconnect();
    agent.tasks = [reported(framework, agent, 't1')];
    await agent.connect();
    expect(framework.lastStatus('t2')).toMatchObject({ state: 'TASK_GONE', source: 'SOURCE_MASTER' });
    expect(framework.lastStatus('t3')).toMatchObject({ state: 'TASK_DROPPED' });
    expect(charged(cluster, agent)).toBe(1000);
    expect(cluster.master.view?.frameworks.get(framework.id)?.tasks.size).toBe(1);
  });

  it('comes back while the old link is still open: the newer wins', async () => {
    const { cluster, agent, framework } = await stage(['t1']);
    const other = new ScriptedAgent(cluster, 'a1', resources(4, 4096, { ports: [31000, 31099] }));
    other.id = agent.agentId;
    other.tasks = agent.tasks;
    await other.connect();
    expect(agent.closed).toBe(true);
    expect(other.of('REGISTERED')).toHaveLength(1);
    expect(framework.events.filter(({ type }) => type === 'RESCIND')).toHaveLength(1);
    expect(cluster.master.view?.counters.offersRescinded).toBe(1);
    agent.send({
      type: 'STATUS_UPDATE',
      framework_id: { value: framework.id },
      status: { task_id: { value: 't1' }, state: 'TASK_FAILED', timestamp: 1 },
      latest_state: 'TASK_FAILED',
    });
    await cluster.settle();
    expect(charged(cluster, agent)).toBe(1000);
    await framework.accept(framework.lastOffer(), [reported(framework, agent, 't2').info]);
    expect(other.of('RUN_TASKS')).toHaveLength(1);
  });

  it('repeats its REGISTER over the same link: its old list of tasks is not believed', async () => {
    const { cluster, agent, framework } = await stage(['t1']);
    await framework.accept(framework.lastOffer(), [reported(framework, agent, 't2').info]);
    agent.tasks = [];
    agent.register();
    await cluster.settle();
    expect(framework.statuses().some(({ state }) => state === 'TASK_GONE' || state === 'TASK_DROPPED')).toBe(false);
    expect(charged(cluster, agent)).toBe(2000);
  });
});

describe('an agent that falls silent', () => {
  it('is unreachable after three pings without an answer, and so are its tasks', async () => {
    const { cluster, agent, framework } = await stage(['t1', 't2']);
    await agent.update(framework.id, 't2', 'TASK_FINISHED');
    agent.answersPings = false;
    await cluster.time.advance(14_000);
    expect(framework.lastStatus('t1')).toMatchObject({ state: 'TASK_UNREACHABLE', reason: 'REASON_AGENT_REMOVED' });
    expect(framework.lastStatus('t1').unreachable_time?.nanoseconds).toBeGreaterThan(0);
    expect(framework.lastStatus('t2').state).toBe('TASK_FINISHED');
    expect(framework.events).toContainEqual({ type: 'FAILURE', failure: { agent_id: { value: agent.agentId } } });
    expect(await cluster.registry.load()).toMatchObject([{ state: 'unreachable' }]);
    expect(cluster.master.view?.roles.total.cpus).toBe(0);
  });

  it('loses its tasks for frameworks that are not PARTITION_AWARE, and brings them back', async () => {
    const cluster = await Cluster.start();
    const agent = await cluster.agent('a1');
    const framework = await cluster.framework({ capabilities: [] });
    await framework.accept(framework.lastOffer(), [reported(framework, agent, 't1').info]);
    await agent.update(framework.id, 't1', 'TASK_RUNNING');
    agent.tasks = [reported(framework, agent, 't1')];
    await agent.disconnect();
    await cluster.time.advance(11_000);
    expect(framework.lastStatus('t1').state).toBe('TASK_LOST');
    expect(framework.lastStatus('t1').unreachable_time).toBeUndefined();
    await agent.connect();
    expect(framework.lastStatus('t1')).toMatchObject({ state: 'TASK_RUNNING', reason: 'REASON_AGENT_REREGISTERED' });
  });

  it('comes back without some of its tasks: those are gone, not unreachable for ever', async () => {
    const { cluster, agent, framework } = await stage(['t1', 't2']);
    await framework.accept(framework.lastOffer(), [reported(framework, agent, 't3').info]);
    await agent.disconnect();
    await cluster.time.advance(11_000);
    expect(framework.lastStatus('t3').state).toBe('TASK_UNREACHABLE');
    agent.tasks = [reported(framework, agent, 't1')];
    await agent.connect();
    expect(framework.lastStatus('t1').state).toBe('TASK_RUNNING');
    for (const id of ['t2', 't3']) expect(framework.lastStatus(id).state).toBe('TASK_GONE');
    expect(cluster.master.view?.frameworks.get(framework.id)?.unreachableTasks.size).toBe(0);
  });

  it('has its link closed, and what still comes over it is not believed: it returns over a new one', async () => {
    const { cluster, agent, framework } = await stage(['t1']);
    const stale = agent.tasks;
    await framework.accept(framework.lastOffer(), [reported(framework, agent, 't2').info]);
    agent.answersPings = false;
    await cluster.time.advance(14_000);
    expect(framework.lastStatus('t2').state).toBe('TASK_UNREACHABLE');
    expect(agent.closed).toBe(true);
    agent.tasks = stale;
    agent.register();
    await cluster.settle();
    expect(framework.lastStatus('t2').state).toBe('TASK_UNREACHABLE');
    agent.answersPings = true;
    agent.tasks = [...stale, reported(framework, agent, 't2')];
    await agent.connect();
    expect(framework.lastStatus('t1')).toMatchObject({ state: 'TASK_RUNNING', reason: 'REASON_AGENT_REREGISTERED' });
    expect(framework.lastStatus('t2')).toMatchObject({ state: 'TASK_RUNNING', reason: 'REASON_AGENT_REREGISTERED' });
    expect(charged(cluster, agent)).toBe(2000);
    expect(await cluster.registry.load()).toMatchObject([{ state: 'admitted' }]);
  });

  it('is not touched before the registry has it, and is taken back after when it returns meanwhile', async () => {
    const registry = new SlowRegistry();
    registry.holding = false;
    const { cluster, agent, framework } = await stage(['t1'], {}, registry);
    await agent.disconnect();
    registry.holding = true;
    await cluster.time.advance(11_000);
    expect(framework.lastStatus('t1').state).toBe('TASK_RUNNING');
    await agent.connect();
    registry.release();
    await cluster.settle();
    expect(framework.statuses('t1').map(({ state }) => state)).toEqual([
      'TASK_RUNNING',
      'TASK_UNREACHABLE',
      'TASK_RUNNING',
    ]);
    expect(charged(cluster, agent)).toBe(1000);
  });

  it('is answered for in reconciliations', async () => {
    const { cluster, agent, framework } = await stage(['t1']);
    await agent.disconnect();
    await cluster.time.advance(11_000);
    await framework.kill('t1', agent.agentId);
    expect(framework.lastStatus('t1')).toMatchObject({ state: 'TASK_UNREACHABLE', reason: 'REASON_RECONCILIATION' });
  });

  it('stays away from others: at most three at once, then one a second', async () => {
    const cluster = await Cluster.start();
    const agents: ScriptedAgent[] = [];
    for (let index = 0; index < 12; index += 1) agents.push(await cluster.agent(`a${String(index)}`));
    for (const agent of agents.slice(0, 6)) await agent.disconnect();
    await cluster.time.advance(10_100);
    const left = (): number => cluster.master.view?.unreachable.size ?? 0;
    expect(left()).toBe(3);
    await cluster.time.advance(2_000);
    expect(left()).toBe(5);
    await cluster.time.advance(2_000);
    expect(left()).toBe(6);
  });

  it('goes with its whole rack at once where that is one in twenty, and more than that slowly', async () => {
    const cluster = await Cluster.start();
    const agents: ScriptedAgent[] = [];
    for (let index = 0; index < 200; index += 1) agents.push(await cluster.agent(`a${String(index)}`));
    await cluster.time.advance(2_000);
    for (const agent of agents.slice(0, 14)) await agent.disconnect();
    await cluster.time.advance(10_100);
    const left = (): number => cluster.master.view?.unreachable.size ?? 0;
    expect(left()).toBe(10);
    await cluster.time.advance(2_000);
    expect(left()).toBe(12);
  });

  it('is believed to be alive when more than half of all are silent', async () => {
    const cluster = await Cluster.start();
    const agents: ScriptedAgent[] = [];
    for (let index = 0; index < 6; index += 1) agents.push(await cluster.agent(`a${String(index)}`));
    for (const agent of agents.slice(0, 4)) await agent.disconnect();
    await cluster.time.advance(60_000);
    expect(cluster.master.view?.unreachable.size).toBe(0);
    expect(cluster.master.view?.removalsHeld).toBe(4);
    await agents[0]?.connect();
    await cluster.time.advance(2_000);
    expect(cluster.master.view?.unreachable.size).toBe(3);
    expect(cluster.master.view?.removalsHeld).toBe(0);
  });
});

describe('an agent that goes for good', () => {
  it('on purpose takes its tasks with it', async () => {
    const { cluster, agent, framework } = await stage(['t1']);
    agent.send({ type: 'UNREGISTER' });
    await cluster.settle();
    expect(framework.lastStatus('t1')).toMatchObject({ state: 'TASK_GONE', reason: 'REASON_AGENT_REMOVED' });
    expect(await cluster.registry.load()).toEqual([]);
    expect(cluster.master.view?.agents.size).toBe(0);
  });

  it('by the word of an operator is sent away when it reappears', async () => {
    const { cluster, agent, framework } = await stage(['t1']);
    await agent.disconnect();
    void cluster.master.markAgentGone(agent.agentId);
    await cluster.settle();
    expect(framework.lastStatus('t1')).toMatchObject({
      state: 'TASK_GONE_BY_OPERATOR',
      reason: 'REASON_AGENT_REMOVED_BY_OPERATOR',
    });
    await agent.connect();
    expect(agent.of('REJECTED')).toMatchObject([{ shutdown: true }]);
    expect(agent.closed).toBe(true);
    await cluster.restartMaster();
    await agent.connect();
    expect(agent.of('REJECTED')).toHaveLength(2);
  });
});

describe('an order of an operator', () => {
  async function slowStage() {
    const registry = new SlowRegistry();
    registry.holding = false;
    const cluster = await Cluster.start({}, registry);
    const agent = await cluster.agent('a1');
    registry.holding = true;
    const answers: boolean[] = [];
    const note = (answer: Promise<boolean>): void => {
      void answer.then((isKept) => answers.push(isKept));
    };
    return { registry, cluster, agent, answers, note };
  }

  it('is answered once it is durable', async () => {
    const { registry, cluster, agent, answers, note } = await slowStage();
    note(cluster.master.treatAgent(agent.agentId, {}));
    await cluster.settle();
    expect(answers).toEqual([]);
    registry.release();
    await cluster.settle();
    expect(answers).toEqual([true]);
    expect(await registry.load()).toMatchObject([{ id: agent.agentId, upkeep: {} }]);
  });

  it('that an agent is gone waits for the change of it that is under way, and is final', async () => {
    const { registry, cluster, agent, answers, note } = await slowStage();
    note(cluster.master.treatAgent(agent.agentId, {}));
    await cluster.settle();
    note(cluster.master.markAgentGone(agent.agentId));
    note(cluster.master.treatAgent(agent.agentId, undefined));
    await cluster.settle();
    registry.release();
    await cluster.settle();
    expect(answers).toEqual([true, true, true]);
    expect(await registry.load()).toMatchObject([{ id: agent.agentId, state: 'gone' }]);
    expect(agent.of('REJECTED')).toMatchObject([{ shutdown: true }]);
  });

  it('is not confirmed when it could not be kept in time, nor by a master that stops', async () => {
    const { cluster, agent, answers, note } = await slowStage();
    note(cluster.master.treatAgent(agent.agentId, {}));
    await cluster.time.advance(10_000);
    expect(answers).toEqual([false]);
    note(cluster.master.markAgentGone(agent.agentId));
    await cluster.settle();
    await cluster.master.stop();
    await cluster.settle();
    expect(answers).toEqual([false, false]);
    expect(await cluster.master.treatAgent(agent.agentId, undefined)).toBe(false);
  });

  it('for an agent that nobody knows has no effect', async () => {
    const { cluster, answers, note } = await slowStage();
    note(cluster.master.markAgentGone('nobody'));
    await cluster.settle();
    expect(answers).toEqual([true]);
  });
});

describe('a task id that a framework used twice', () => {
  it('stays with the agent that has it now, when the first agent comes back after all', async () => {
    const { cluster, agent, framework } = await stage(['t1']);
    agent.send({ type: 'UNREGISTER' });
    await agent.disconnect();
    const second = await cluster.agent('a2');
    await framework.accept(framework.lastOffer(), [reported(framework, second, 't1').info]);
    await second.disconnect();
    await cluster.time.advance(11_000);
    await agent.connect();
    expect(cluster.master.view?.frameworks.get(framework.id)?.unreachableTasks.get('t1')?.agentId).toBe(second.agentId);
    expect(charged(cluster, agent)).toBe(0);
  });
});
