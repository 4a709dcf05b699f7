import { describe, expect, it } from 'vitest';
import { PROBES_UNDER_WAY_MAX } from './limits.ts';
import { Cluster, type ScriptedAgent, type ScriptedFramework } from './testing/cluster.ts';
import { reported } from './testing/running-tasks.ts';

/** An agent with a task, and whether it answers at its own address. */
async function stage(answering: ReadonlySet<string>): Promise<[Cluster, ScriptedAgent, ScriptedFramework]> {
  const cluster = await Cluster.start({}, undefined, answering);
  const agent = await cluster.agent('a1');
  const framework = await cluster.framework();
  await framework.accept(framework.lastOffer(), [reported(framework, agent, 't1').info]);
  await agent.update(framework.id, 't1', 'TASK_RUNNING');
  agent.frameworks = [framework.info];
  agent.tasks = [reported(framework, agent, 't1')];
  return [cluster, agent, framework];
}

/** Milliseconds until its task is unreachable. */
async function untilLost(cluster: Cluster, framework: ScriptedFramework): Promise<number> {
  const from = cluster.time.now();
  await cluster.time.advanceUntil(() => framework.lastStatus('t1').state === 'TASK_UNREACHABLE', 300_000);
  return cluster.time.now() - from;
}

describe('an agent whose link says nothing', () => {
  it('is known to be dead within ten seconds, whenever it died, when its address is silent too', async () => {
    for (const later of [0, 500, 1000, 1500, 2000, 2500, 2999]) {
      const [cluster, agent, framework] = await stage(new Set());
      await cluster.time.advance(later);
      agent.answersPings = false;
      expect(await untilLost(cluster, framework)).toBeLessThanOrEqual(10_000);
      expect(cluster.asked.length).toBeGreaterThanOrEqual(2);
    }
  });

  it('is no more than slow while its address answers; given up after a minute all the same', async () => {
    const answering = new Set(['a1']);
    const [cluster, agent, framework] = await stage(answering);
    agent.answersPings = false;
    await cluster.time.advance(50_000);
    expect(framework.lastStatus('t1').state).toBe('TASK_RUNNING');
    agent.answersPings = true;
    await cluster.time.advance(30_000);
    agent.answersPings = false;
    await cluster.time.advance(50_000);
    expect(framework.lastStatus('t1').state).toBe('TASK_RUNNING');
    expect(await untilLost(cluster, framework)).toBeLessThan(20_000);
  });

  it('is lost as soon as its address falls silent as well', async () => {
    const answering = new Set(['a1']);
    const [cluster, agent, framework] = await stage(answering);
    agent.answersPings = false;
    await cluster.time.advance(30_000);
    answering.delete('a1');
    expect(await untilLost(cluster, framework)).toBeLessThanOrEqual(5_000);
  });

  it('is not asked any more once it speaks again', async () => {
    const [cluster, agent] = await stage(new Set(['a1']));
    agent.answersPings = false;
    await cluster.time.advance(10_000);
    agent.answersPings = true;
    await cluster.time.advance(5_000);
    const { length } = cluster.asked;
    expect(length).toBeGreaterThan(0);
    await cluster.time.advance(30_000);
    expect(cluster.asked).toHaveLength(length);
  });
});

describe('an agent whose link broke', () => {
  it.each([
    ['nine seconds', 8_000, 10_000, false],
    ['a minute, if it was stopped in good order,', 55_000, 61_000, true],
  ])('has %s to be started again although nothing answers at its address', async (_how, backMs, lostMs, isInOrder) => {
    const [cluster, agent, framework] = await stage(new Set());
    const stop = async (): Promise<void> => {
      if (isInOrder) agent.send({ type: 'SUSPEND' });
      await agent.disconnect();
    };
    await stop();
    await cluster.time.advance(backMs);
    expect(framework.lastStatus('t1').state).toBe('TASK_RUNNING');
    await agent.connect();
    await cluster.time.advance(30_000);
    expect(framework.lastStatus('t1').state).toBe('TASK_RUNNING');
    await stop();
    expect(await untilLost(cluster, framework)).toBeLessThanOrEqual(lostMs);
  });

  it('is lost as soon as others when its machine is gone as well, though it was stopped in good order', async () => {
    const [cluster, agent, framework] = await stage(new Set());
    agent.send({ type: 'SUSPEND' });
    await agent.disconnect();
    await cluster.time.advance(20_000);
    expect(framework.lastStatus('t1').state).toBe('TASK_RUNNING');
    cluster.machinesOff.add('a1');
    expect(await untilLost(cluster, framework)).toBeLessThanOrEqual(4_000);
  });

  it('has its minute where its machine was silent for one question only', async () => {
    const [cluster, agent, framework] = await stage(new Set());
    cluster.machinesOff.add('a1');
    agent.send({ type: 'SUSPEND' });
    await agent.disconnect();
    await cluster.time.advanceUntil(() => cluster.asked.length > 0, 5_000);
    cluster.machinesOff.clear();
    await cluster.time.advance(50_000);
    expect(framework.lastStatus('t1').state).toBe('TASK_RUNNING');
  });

  it('has no more time than others when it breaks after it was back from a stop in good order', async () => {
    const [cluster, agent, framework] = await stage(new Set());
    agent.send({ type: 'SUSPEND' });
    await agent.disconnect();
    await agent.connect();
    await agent.disconnect();
    expect(await untilLost(cluster, framework)).toBeLessThanOrEqual(10_000);
  });

  it('has a minute to find its master while its address answers', async () => {
    const [cluster, agent, framework] = await stage(new Set(['a1']));
    await agent.disconnect();
    await cluster.time.advance(55_000);
    expect(framework.lastStatus('t1').state).toBe('TASK_RUNNING');
    expect(await untilLost(cluster, framework)).toBeLessThanOrEqual(10_000);
  });
});

describe('an agent that a new master knows of, and that has not come back', () => {
  it('is given up after a minute where nothing answers at its address, and waited for where something does', async () => {
    for (const [answering, lostAfterMs] of [
      [new Set<string>(), 70_000],
      [new Set(['a1']), 602_000],
    ] as const) {
      const [cluster] = await stage(answering);
      await cluster.restartMaster();
      const from = cluster.time.now();
      await cluster.time.advanceUntil(() => cluster.master.view?.unreachable.size === 1, 900_000);
      expect(cluster.time.now() - from).toBeLessThanOrEqual(lostAfterMs);
      expect(cluster.time.now() - from).toBeGreaterThan(lostAfterMs - 12_000);
    }
  });

  it('is not asked where it comes back by itself', async () => {
    const [cluster, agent] = await stage(new Set());
    await cluster.restartMaster();
    await cluster.time.advance(2_000);
    await agent.connect();
    await cluster.time.advance(60_000);
    expect(cluster.asked).toEqual([]);
  });
});

it('asks no more agents at a time than there is room for', async () => {
  const cluster = await Cluster.start({}, undefined, new Set());
  const agents: ScriptedAgent[] = [];
  for (let index = 0; index < PROBES_UNDER_WAY_MAX + 50; index += 1) {
    agents.push(await cluster.agent(`a${String(index)}`));
  }
  for (const agent of agents) await agent.disconnect();
  const before = cluster.asked.length;
  await cluster.time.advance(1_000);
  expect(cluster.asked.length - before).toBeLessThanOrEqual(PROBES_UNDER_WAY_MAX);
  expect(cluster.asked.length).toBeGreaterThan(0);
  // The others have their turn before anybody is asked again.
  await cluster.time.advance(1_000);
  expect(new Set(cluster.asked).size).toBe(agents.length);
});
