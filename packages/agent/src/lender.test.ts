import { describe, expect, it } from 'vitest';
import type { AgentMessage } from '@stadion/contract/agent-link';
import type { Resource, TaskInfo } from '@stadion/contract/mesos';
import { agentMetrics } from './http/metrics.ts';
import { makeExecutor, makeTask } from './testing/fake-master.ts';
import { CUSTOM_EXECUTOR, PlainExecutor, makeExecutedTask } from './testing/plain-executor.ts';
import { SimulatedMachine } from './testing/simulated-agent.ts';

const LOOK_MS = 1000;
const CONFIG = { revocableCpus: 'auto', revocableLookMs: LOOK_MS } as const;

const cpus = (value: number, more: Partial<Resource> = {}): Resource => ({
  name: 'cpus',
  type: 'SCALAR',
  scalar: { value },
  ...more,
});
const service = (id: string, amount: number): TaskInfo => makeTask(id, { resources: [cpus(amount)] });
const batch = (id: string, amount: number): TaskInfo => makeTask(id, { resources: [cpus(amount, { revocable: {} })] });

/** A machine whose containers use as many cores as the test says, by task. */
function measuredMachine(): { machine: SimulatedMachine; use: (taskId: string, cores: number) => void } {
  const machine = new SimulatedMachine();
  const cores = new Map<string, number>();
  const seconds = new Map<string, number>();
  let measuredAt = 0;
  const taskOf = (containerId: string): string =>
    machine.containerizer.specs.get(containerId)?.environment['MESOS_TASK_ID'] ?? '';
  const count = (): void => {
    const passed = (machine.time.monotonic() - measuredAt) / 1000;
    measuredAt = machine.time.monotonic();
    for (const id of machine.containerizer.running()) {
      seconds.set(id, (seconds.get(id) ?? 0) + passed * (cores.get(taskOf(id)) ?? 0));
    }
  };
  machine.containerizer.usage = async () => {
    count();
    const idle = { processes: 1, threads: 1, cpuSystemSeconds: 0, memoryRssBytes: 0 };
    return new Map([...seconds].map(([id, cpuUserSeconds]) => [id, { ...idle, cpuUserSeconds }]));
  };
  return {
    machine,
    use: (taskId, amount) => {
      count();
      cores.set(taskId, amount);
    },
  };
}

/** What the master was last told, in cores. */
function lastLent(heard: readonly AgentMessage[]): number | undefined {
  const told = heard.findLast((message) => message.type === 'OVERSUBSCRIBED');
  return told?.resources.reduce((sum, { scalar }) => sum + (scalar?.value ?? 0), 0);
}

describe('an agent that lends cpus', () => {
  it('lends nothing unless it is told to', async () => {
    const machine = new SimulatedMachine();
    await machine.startAgent();
    await machine.time.advance(60_000);
    expect(lastLent(machine.master.heard)).toBeUndefined();
    machine.master.run(batch('b', 1));
    await machine.time.advance(10);
    expect(machine.master.statuses('b').at(-1)).toMatchObject({ state: 'TASK_DROPPED' });
  });

  it('lends what services leave free, and tells the master when that changes', async () => {
    const { machine, use } = measuredMachine();
    await machine.startAgent(CONFIG);
    expect(lastLent(machine.master.heard)).toBe(0);
    await machine.time.advance(LOOK_MS);
    expect(lastLent(machine.master.heard)).toBe(3.6);
    machine.master.run(service('web', 4));
    await machine.time.advance(LOOK_MS);
    // It is not measured yet, and counts as what it asked for.
    expect(lastLent(machine.master.heard)).toBe(0);
    use('web', 1);
    await machine.time.advance(30 * LOOK_MS);
    expect(lastLent(machine.master.heard)).toBeGreaterThan(2.3);
    const before = machine.master.heard.length;
    await machine.time.advance(30 * LOOK_MS);
    expect(machine.master.heard.slice(before).filter(({ type }) => type === 'OVERSUBSCRIBED').length).toBeLessThan(2);
  });

  it('says so again to a master that has forgotten', async () => {
    const { machine } = measuredMachine();
    await machine.startAgent({ ...CONFIG, revocableCpus: 2 });
    expect(lastLent(machine.master.heard)).toBe(2);
    const before = machine.master.heard.length;
    machine.master.hangUp();
    await machine.time.advance(5000);
    expect(lastLent(machine.master.heard.slice(before))).toBe(2);
  });

  it('takes back from the youngest, once services have wanted it for a while', async () => {
    const { machine, use } = measuredMachine();
    const agent = await machine.startAgent(CONFIG);
    use('web', 0);
    machine.master.run(service('web', 4));
    await machine.time.advance(60 * LOOK_MS);
    machine.master.run(batch('old', 1.5));
    await machine.time.advance(LOOK_MS);
    machine.master.run(batch('young', 1.5));
    await machine.time.advance(LOOK_MS);
    expect(machine.master.states('young').at(-1)).toBe('TASK_RUNNING');
    expect(agentMetrics(agent, 0)).toMatchObject({ 'slave/cpus_used': 4, 'slave/cpus_revocable_used': 3 });

    use('web', 2);
    // Two looks are a coincidence.
    await machine.time.advance(2 * LOOK_MS);
    expect(machine.master.states('young').at(-1)).toBe('TASK_RUNNING');
    await machine.time.advance(3 * LOOK_MS);
    expect(machine.master.statuses('young').at(-1)).toMatchObject({
      state: 'TASK_GONE',
      reason: 'REASON_CONTAINER_PREEMPTED',
    });
    await machine.time.advance(10 * LOOK_MS);
    expect(machine.master.states('old').at(-1)).toBe('TASK_RUNNING');
    expect(agentMetrics(agent, 0)).toMatchObject({ 'slave/executors_preempted': 1, 'slave/cpus_revocable_used': 1.5 });
  });

  it('takes back what a custom executor itself was lent', async () => {
    const { machine, use } = measuredMachine();
    const agent = await machine.startAgent(CONFIG);
    use('web', 0);
    machine.master.run(service('web', 4));
    await machine.time.advance(60 * LOOK_MS);
    const executor = { ...CUSTOM_EXECUTOR, resources: [cpus(3, { revocable: {} })] };
    machine.master.run({ ...makeExecutedTask('work', executor), resources: [] });
    await machine.time.advance(LOOK_MS);
    expect(agentMetrics(agent, 0)).toMatchObject({ 'slave/cpus_revocable_used': 3 });
    use('web', 2);
    await machine.time.advance(5 * LOOK_MS);
    expect(machine.master.statuses('work').at(-1)).toMatchObject({
      state: 'TASK_GONE',
      reason: 'REASON_CONTAINER_PREEMPTED',
    });
    expect(agentMetrics(agent, 0)).toMatchObject({ 'slave/cpus_revocable_used': 0 });
  });

  it('has an executor end the tasks that were lent cpus, and ends it when it does not', async () => {
    const { machine, use } = measuredMachine();
    const agent = await machine.startAgent(CONFIG);
    use('web', 0);
    machine.master.run(service('web', 2));
    await machine.time.advance(60 * LOOK_MS);
    const executor = { ...CUSTOM_EXECUTOR, resources: [] };
    for (const id of ['obeyed', 'ignored']) {
      machine.master.run({ ...makeExecutedTask(id, executor), resources: [cpus(1.5, { revocable: {} })] });
      await machine.time.advance(10);
    }
    const runner = new PlainExecutor(agent, () => machine.time.now());
    runner.subscribe();
    await machine.time.advance(0);
    for (const [index, id] of ['obeyed', 'ignored'].entries()) runner.update(runner.status(id, 'TASK_RUNNING', index));
    use('web', 3.9);
    await machine.time.advance(5 * LOOK_MS);
    expect(runner.types().filter((type) => type === 'KILL')).toHaveLength(2);
    runner.update(runner.status('obeyed', 'TASK_KILLED', 9));
    await machine.time.advance(0);
    expect(machine.master.statuses('obeyed').at(-1)).toMatchObject({
      state: 'TASK_GONE',
      reason: 'REASON_CONTAINER_PREEMPTED',
    });
    // No storm: it was told once, and has its time.
    await machine.time.advance(6 * LOOK_MS);
    expect(agentMetrics(agent, 0)).toMatchObject({ 'slave/executors_preempted': 2 });
    await machine.time.advance(20 * LOOK_MS);
    expect(machine.master.statuses('ignored').at(-1)).toMatchObject({
      state: 'TASK_GONE',
      reason: 'REASON_CONTAINER_PREEMPTED',
    });
    expect(agentMetrics(agent, 0)).toMatchObject({ 'slave/executors_preempted': 3, 'slave/cpus_revocable_used': 0 });
  });

  it('takes nothing back because it does not know: after a restart, for a new service, and while nothing is measured', async () => {
    const { machine, use } = measuredMachine();
    const agent = await machine.startAgent(CONFIG);
    use('web', 0.5);
    machine.master.run(service('web', 3));
    await machine.time.advance(60 * LOOK_MS);
    machine.master.run(batch('b', 2.5));
    await machine.time.advance(10);
    await agent.stop();
    await machine.startAgent(CONFIG);
    await machine.time.advance(20 * LOOK_MS);
    machine.master.run(service('idle', 1));
    await machine.time.advance(20 * LOOK_MS);
    const { usage } = machine.containerizer;
    machine.containerizer.usage = async () => new Map();
    await machine.time.advance(20 * LOOK_MS);
    machine.containerizer.usage = usage;
    await machine.time.advance(20 * LOOK_MS);
    expect(machine.master.states('b').at(-1)).toBe('TASK_RUNNING');
    use('web', 3.5);
    await machine.time.advance(5 * LOOK_MS);
    expect(machine.master.states('b').at(-1)).toBe('TASK_GONE');
  });

  it('ends a pod as a whole, and all of it was preempted', async () => {
    const { machine, use } = measuredMachine();
    await machine.startAgent(CONFIG);
    use('web', 0);
    machine.master.run(service('web', 4));
    await machine.time.advance(60 * LOOK_MS);
    machine.master.runGroup(
      { ...makeExecutor('pod'), resources: [] },
      batch('worker', 3),
      makeTask('helper', { resources: [] }),
    );
    await machine.time.advance(LOOK_MS);
    use('web', 2);
    await machine.time.advance(5 * LOOK_MS);
    for (const id of ['worker', 'helper']) {
      expect(machine.master.statuses(id).at(-1)).toMatchObject({
        state: 'TASK_GONE',
        reason: 'REASON_CONTAINER_PREEMPTED',
      });
    }
  });

  it('refuses what it does not lend any more, and takes services all the same', async () => {
    const { machine } = measuredMachine();
    await machine.startAgent({ ...CONFIG, revocableCpus: 1 });
    machine.master.run(batch('one', 1), batch('two', 1), service('web', 4));
    await machine.time.advance(10);
    expect(machine.master.states('one').at(-1)).toBe('TASK_RUNNING');
    expect(machine.master.states('two').at(-1)).toBe('TASK_DROPPED');
    expect(machine.master.states('web').at(-1)).toBe('TASK_RUNNING');
  });
});
