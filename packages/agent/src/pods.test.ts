import { describe, expect, it } from 'vitest';
import { agentMetrics } from './http/metrics.ts';
import type { FakeBehaviour } from './adapters/fake/fake-containerizer.ts';
import { makeExecutor, makeTask } from './testing/fake-master.ts';
import { SimulatedMachine } from './testing/simulated-agent.ts';

/** A machine on which the container of the task `a` behaves like this and all others run until they are killed. */
function machineWith(behaviour: FakeBehaviour): SimulatedMachine {
  const machine = new SimulatedMachine();
  machine.behave = (spec) => (spec.environment.MESOS_TASK_ID === 'a' ? behaviour : {});
  return machine;
}

const CRASH: FakeBehaviour = { exit: { afterMs: 50, exit: { kind: 'exited', code: 3 } } };

describe('the tasks of a pod', () => {
  it('run in one sandbox, each in its own part, for one executor', async () => {
    const machine = machineWith({});
    const agent = await machine.startAgent();
    machine.master.runGroup(makeExecutor('e'), makeTask('a'), makeTask('b'));
    await machine.time.advance(10);
    const specs = [...machine.containerizer.specs.values()];
    expect(specs.map(({ pod }) => pod?.podId)).toEqual([specs[0]?.pod?.podId, specs[0]?.pod?.podId]);
    const directory = specs[0]?.pod?.directory ?? '';
    expect(directory).toContain('/executors/e/runs/');
    expect(specs.map((spec) => spec.directory)).toEqual([`${directory}/tasks/a`, `${directory}/tasks/b`]);
    expect(specs.map(({ environment }) => environment.MESOS_EXECUTOR_ID)).toEqual(['e', 'e']);
    expect(machine.master.statuses('a').at(-1)?.executor_id).toEqual({ value: 'e' });
    expect(agent.ledger.heldAmount('cpus')).toBeCloseTo(0.3);
  });

  it('start when all are ready, not before', async () => {
    const machine = machineWith({});
    let fetched = (): void => undefined;
    machine.fetch = () =>
      new Promise((resolve) => {
        fetched = () => resolve({ ok: true });
      });
    await machine.startAgent();
    const slow = makeTask('b', { command: { value: 'run', uris: [{ value: 'http://x/y' }] } });
    machine.master.runGroup(makeExecutor('e'), makeTask('a'), slow);
    await machine.time.advance(1000);
    expect(machine.containerizer.runningCount).toBe(0);
    fetched();
    await machine.time.advance(10);
    expect(machine.containerizer.runningCount).toBe(2);
  });

  it('do not start at all when one cannot be made ready', async () => {
    const machine = machineWith({});
    machine.fetch = () => ({ ok: false, message: 'not there' });
    const agent = await machine.startAgent();
    const broken = makeTask('b', { command: { value: 'run', uris: [{ value: 'http://x/y' }] } });
    machine.master.runGroup(makeExecutor('e'), makeTask('a'), broken);
    await machine.time.advance(1000);
    expect(machine.master.states('b').at(-1)).toBe('TASK_FAILED');
    expect(machine.master.statuses('a').at(-1)).toMatchObject({
      state: 'TASK_KILLED',
      reason: 'REASON_TASK_KILLED_DURING_LAUNCH',
    });
    expect(machine.containerizer.runningCount).toBe(0);
    expect(agent.ledger.heldAmount('cpus')).toBe(0);
  });

  it('are refused together when the agent has not enough for all', async () => {
    const machine = machineWith({});
    const agent = await machine.startAgent();
    const big = makeTask('b', { resources: [{ name: 'cpus', type: 'SCALAR', scalar: { value: 3.9 } }] });
    machine.master.runGroup(makeExecutor('e'), makeTask('a'), big);
    await machine.time.advance(10);
    expect(machine.master.states('a')).toEqual(['TASK_DROPPED']);
    expect(machine.master.states('b')).toEqual(['TASK_DROPPED']);
    expect(agent.ledger.heldAmount('cpus')).toBe(0);
  });

  it.each<[string, FakeBehaviour, string]>([
    ['fails', CRASH, 'TASK_FAILED'],
    ['cannot be started', { launchFailure: 'no such program' }, 'TASK_FAILED'],
  ])('end with the one that %s', async (_, behaviour, state) => {
    const machine = machineWith(behaviour);
    const agent = await machine.startAgent();
    machine.master.runGroup(makeExecutor('e'), makeTask('a'), makeTask('b'));
    await machine.time.advance(5000);
    expect(machine.master.states('a').at(-1)).toBe(state);
    expect(machine.master.states('b').at(-1)).toBe('TASK_KILLED');
    expect(machine.master.statuses('b').at(-1)?.message).toMatch(/pod|before it was started/);
    expect(agent.ledger.heldAmount('cpus')).toBe(0);
  });

  it('go on when one has done its work', async () => {
    const machine = machineWith({ exit: { afterMs: 50, exit: { kind: 'exited', code: 0 } } });
    const agent = await machine.startAgent();
    machine.master.runGroup(makeExecutor('e'), makeTask('a'), makeTask('b'));
    await machine.time.advance(60_000);
    expect(machine.master.states('a').at(-1)).toBe('TASK_FINISHED');
    expect(machine.master.states('b').at(-1)).toBe('TASK_RUNNING');
    const { task } = agent.findTask('framework-1', 'b') ?? {};
    expect(machine.master.statuses('b').at(-1)?.container_status?.container_id).toEqual({
      value: task?.containerId,
      parent: { value: task?.pod?.podId },
    });
    expect(agent.ledger.heldAmount('cpus')).toBeCloseTo(0.2);
    expect(agentMetrics(agent, 0)).toMatchObject({ 'slave/executors_running': 1, 'slave/executors_terminated': 0 });
    machine.master.kill('b');
    await machine.time.advance(10);
    expect(agent.ledger.heldAmount('cpus')).toBe(0);
    expect(agentMetrics(agent, 0)).toMatchObject({ 'slave/executors_running': 0, 'slave/executors_terminated': 1 });
  });

  it('end with the one that is killed, each after its own grace', async () => {
    const machine = new SimulatedMachine();
    machine.behave = () => ({ onTerminate: 'ignore' });
    await machine.startAgent();
    const patient = makeTask('b', { kill_policy: { grace_period: { nanoseconds: 8e9 } } });
    machine.master.runGroup(makeExecutor('e'), makeTask('a'), patient);
    await machine.time.advance(10);
    machine.master.kill('a', 1000);
    await machine.time.advance(1000);
    expect(machine.master.states('a').at(-1)).toBe('TASK_KILLED');
    expect(machine.master.states('b').at(-1)).toBe('TASK_KILLING');
    await machine.time.advance(8000);
    expect(machine.master.states('b').at(-1)).toBe('TASK_KILLED');
  });

  it('are found again by the next agent, which ends the rest of a pod that broke meanwhile', async () => {
    const machine = machineWith(CRASH);
    const first = await machine.startAgent();
    machine.master.runGroup(makeExecutor('e'), makeTask('a'), makeTask('b'));
    await machine.time.advance(10);
    await first.stop();
    machine.master.hangUp();
    await machine.time.advance(1000);
    const second = await machine.startAgent();
    await machine.time.advance(5000);
    expect(
      machine.master
        .registrations()
        .at(-1)
        ?.tasks.map(({ executor }) => executor?.executor_id.value),
    ).toEqual(['e', 'e']);
    expect(machine.master.states('a').at(-1)).toBe('TASK_FAILED');
    expect(machine.master.states('b').at(-1)).toBe('TASK_KILLED');
    expect(second.ledger.heldAmount('cpus')).toBe(0);
    expect(machine.containerizer.runningCount).toBe(0);
  });

  it('are taken once, however often the message comes', async () => {
    const machine = machineWith({});
    await machine.startAgent();
    for (let time = 0; time < 3; time += 1) {
      machine.master.runGroup(makeExecutor('e'), makeTask('a'), makeTask('b'));
      await machine.time.advance(10);
    }
    expect(machine.containerizer.runningCount).toBe(2);
  });
});
