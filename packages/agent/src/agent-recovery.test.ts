import { describe, expect, it } from 'vitest';
import { FRAMEWORK, makeTask } from './testing/fake-master.ts';
import { SimulatedMachine } from './testing/simulated-agent.ts';

describe('status updates', () => {
  it('are sent again at once when the master asks for that, and then as rarely as they would be', async () => {
    const machine = new SimulatedMachine();
    machine.master.acknowledges = false;
    await machine.startAgent();
    machine.master.run(makeTask('a'));
    await machine.time.advance(5_000);
    const before = machine.master.statuses('a').length;
    machine.master.say({ type: 'RESUME_UPDATES' });
    await machine.time.advance(1_000);
    expect(machine.master.statuses('a')).toHaveLength(before + 1);
    await machine.time.advance(10_000);
    expect(machine.master.statuses('a')).toHaveLength(before + 2);
  });

  it('are sent again after 10 s, then ever more rarely, until acknowledged', async () => {
    const machine = new SimulatedMachine();
    machine.master.acknowledges = false;
    await machine.startAgent();
    machine.master.run(makeTask('a'));
    const pings = setPings(machine);
    await machine.time.advance(9_999);
    expect(machine.master.states('a')).toEqual(['TASK_STARTING']);
    await machine.time.advance(1);
    expect(machine.master.states('a')).toHaveLength(2);
    await machine.time.advance(20_000);
    expect(machine.master.states('a')).toHaveLength(3);
    const [first, , third] = machine.master.statuses('a');
    expect(third?.uuid).toBe(first?.uuid);
    if (third !== undefined) machine.master.acknowledge(third);
    expect(machine.master.states('a').at(-1)).toBe('TASK_RUNNING');
    pings.cancel();
  });

  it('are dropped by the right acknowledgement only', async () => {
    const machine = new SimulatedMachine();
    machine.master.acknowledges = false;
    await machine.startAgent();
    machine.master.run(makeTask('a'));
    await machine.time.advance(0);
    const [status] = machine.master.statuses('a');
    if (status === undefined) throw new Error('no status');
    machine.master.acknowledge({ ...status, uuid: 'another' });
    expect(machine.master.states('a')).toEqual(['TASK_STARTING']);
    machine.master.acknowledge(status);
    machine.master.acknowledge(status);
    expect(machine.master.states('a')).toEqual(['TASK_STARTING', 'TASK_RUNNING']);
  });

  it('say what the task has become meanwhile', async () => {
    const machine = new SimulatedMachine();
    machine.master.acknowledges = false;
    machine.behave = () => ({ exit: { afterMs: 5, exit: { kind: 'exited', code: 0 } } });
    await machine.startAgent();
    machine.master.run(makeTask('a'));
    await machine.time.advance(10);
    machine.master.hangUp();
    await machine.time.advance(1000);
    expect(machine.master.heard.at(-1)).toMatchObject({
      type: 'STATUS_UPDATE',
      status: { state: 'TASK_STARTING' },
      latest_state: 'TASK_FINISHED',
    });
  });
});

describe('recovery', () => {
  it('finds running tasks, replays what was not acknowledged, and notices what ended meanwhile', async () => {
    const machine = new SimulatedMachine();
    machine.master.acknowledges = false;
    const agent = await machine.startAgent();
    machine.behave = (spec) => {
      const ends = spec.environment['MESOS_TASK_ID'] === 'ends';
      return ends ? { exit: { afterMs: 60_000, exit: { kind: 'exited', code: 4 } } } : {};
    };
    machine.master.run(makeTask('stays'), makeTask('ends'));
    await machine.time.advance(10);
    await agent.stop();
    await machine.time.advance(3_600_000);
    machine.master.acknowledges = true;
    await machine.startAgent();
    await machine.time.advance(10);
    const registration = machine.master.registrations()[1];
    expect(registration?.tasks.map((task) => [task.info.name, task.state])).toEqual([
      ['stays', 'TASK_RUNNING'],
      ['ends', 'TASK_FAILED'],
    ]);
    expect(registration?.frameworks).toEqual([FRAMEWORK]);
    expect(machine.master.states('stays')).toEqual(['TASK_STARTING', 'TASK_STARTING', 'TASK_RUNNING']);
    expect(machine.master.statuses('ends').at(-1)).toMatchObject({
      state: 'TASK_FAILED',
      message: 'Command exited with status 4',
    });
    expect(machine.containerizer.runningCount).toBe(1);
  });

  it('fails tasks when the host was restarted', async () => {
    const machine = new SimulatedMachine();
    const agent = await machine.startAgent();
    machine.master.run(makeTask('a'));
    await machine.time.advance(0);
    await agent.stop();
    machine.containerizer.reboot();
    await machine.startAgent();
    await machine.time.advance(10);
    expect(machine.master.statuses('a').at(-1)).toMatchObject({ state: 'TASK_FAILED' });
    expect(machine.master.statuses('a').at(-1)?.message).toContain('host was restarted');
  });

  it('drops a task whose artifacts were being fetched', async () => {
    const machine = new SimulatedMachine();
    machine.fetch = () => new Promise(() => undefined);
    const agent = await machine.startAgent();
    machine.master.run(makeTask('a', { command: { value: 'true', uris: [{ value: 'http://x/y' }] } }));
    await machine.time.advance(0);
    await agent.stop();
    await machine.startAgent();
    expect(machine.master.statuses('a')).toMatchObject([{ state: 'TASK_DROPPED', reason: 'REASON_AGENT_RESTARTED' }]);
  });

  it('leaves a damaged checkpoint out, ends its container, and keeps the rest', async () => {
    const machine = new SimulatedMachine();
    const agent = await machine.startAgent();
    machine.master.run(makeTask('good'), makeTask('bad'));
    await machine.time.advance(0);
    const bad = [...agent.tasks()].find((task) => task.info.name === 'bad');
    await agent.stop();
    machine.checkpoints.put(`task/${bad?.containerId ?? ''}`, { format: 1, phase: 'dancing' });
    const second = await machine.startAgent();
    await machine.time.advance(10);
    expect([...second.tasks()].map((task) => task.info.name)).toEqual(['good']);
    expect(machine.containerizer.runningCount).toBe(1);
    expect(second.counters.recoveryErrors).toBe(1);
  });

  it('knows who it was from the records of its tasks when its own is damaged', async () => {
    const machine = new SimulatedMachine();
    const agent = await machine.startAgent();
    machine.master.run(makeTask('a'));
    await machine.time.advance(0);
    const { id } = agent.info;
    expect(id).toBeDefined();
    const [task] = agent.tasks();
    const sandbox = task === undefined ? '' : agent.sandboxOf(task);
    await agent.stop();
    machine.checkpoints.put('agent', { format: 1 });
    const second = await machine.startAgent();
    const [again] = second.tasks();
    expect(second.info.id).toEqual(id);
    expect(again === undefined ? '' : second.sandboxOf(again)).toBe(sandbox);
  });

  it('goes on with a kill where it was', async () => {
    const machine = new SimulatedMachine();
    machine.behave = () => ({ onTerminate: 'ignore' });
    const agent = await machine.startAgent();
    machine.master.run(makeTask('a'));
    await machine.time.advance(0);
    machine.master.kill('a', 60_000);
    await machine.time.advance(10_000);
    await agent.stop();
    await machine.startAgent();
    await machine.time.advance(60_000);
    expect(machine.master.states('a').at(-1)).toBe('TASK_KILLED');
  });

  it('starts although what is left of a container that nobody knows cannot be removed', async () => {
    const machine = new SimulatedMachine();
    const command = { kind: 'shell', text: 'true' } as const;
    await machine.containerizer.launch({ containerId: 'left', command, environment: {}, directory: '/left' });
    machine.containerizer.end('left', { kind: 'exited', code: 0 });
    machine.containerizer.remove = () => Promise.reject(new Error('the device is busy'));
    const agent = await machine.startAgent();
    expect(agent.counters.destroyErrors).toBe(1);
  });

  it('refuses a place that another agent has', async () => {
    const machine = new SimulatedMachine();
    await machine.startAgent();
    await expect(machine.startAgent()).rejects.toMatchObject({ code: 'agent-work-dir-locked' });
  });
});

describe('a disk that was full', () => {
  it('takes the records of tasks that it refused, once there is room', async () => {
    const machine = new SimulatedMachine();
    machine.behave = () => ({ exit: { afterMs: 100, exit: { kind: 'exited', code: 0 } } });
    const agent = await machine.startAgent();
    machine.master.run(makeTask('a'));
    await machine.time.advance(50);
    machine.checkpoints.fail('the disk is full');
    await machine.time.advance(100);
    expect(machine.master.states('a').at(-1)).toBe('TASK_FINISHED');
    machine.checkpoints.fail(undefined);
    const pings = setPings(machine);
    await machine.time.advance(60_000);
    pings.cancel();
    await agent.stop();
    const second = await machine.startAgent();
    await machine.time.advance(10);
    // It was told already: the next agent finds it ended, and does not report another end of it.
    expect(machine.master.states('a').at(-1)).toBe('TASK_FINISHED');
    expect([...second.endedTasks()].map(({ task }) => task.info.name)).toEqual(['a']);
  });

  it('does not take an older record over a newer one that it has taken meanwhile', async () => {
    const machine = new SimulatedMachine();
    machine.behave = () => ({ exit: { afterMs: 100, exit: { kind: 'exited', code: 0 } } });
    const agent = await machine.startAgent();
    machine.master.run(makeTask('a'));
    await machine.time.advance(50);
    machine.master.acknowledges = false;
    machine.checkpoints.fail('the disk is full');
    await machine.time.advance(100);
    machine.checkpoints.fail(undefined);
    const end = machine.master.statuses('a').at(-1);
    if (end !== undefined) machine.master.acknowledge(end);
    const pings = setPings(machine);
    await machine.time.advance(60_000);
    pings.cancel();
    await agent.stop();
    const told = machine.master.states('a');
    expect(told.at(-1)).toBe('TASK_FINISHED');
    const second = await machine.startAgent();
    await machine.time.advance(10);
    expect(machine.master.states('a')).toEqual(told);
    expect([...second.endedTasks()].map(({ task }) => task.info.name)).toEqual(['a']);
  });

  it('takes the id of the agent, and tasks start again', async () => {
    const machine = new SimulatedMachine();
    machine.checkpoints.fail('the disk is full');
    await machine.startAgent();
    machine.master.run(makeTask('early'));
    await machine.time.advance(10);
    expect(machine.master.statuses('early').at(-1)).toMatchObject({
      state: 'TASK_FAILED',
      message: expect.stringContaining('the disk is full') as string,
    });
    machine.checkpoints.fail(undefined);
    machine.master.run(makeTask('late'));
    await machine.time.advance(10);
    expect(machine.master.states('late').at(-1)).toBe('TASK_RUNNING');
  });
});

/** A master that pings, so that a long wait is not taken for silence. */
function setPings(machine: SimulatedMachine): { cancel(): void } {
  let cancelled = false;
  const ping = (): void => {
    if (cancelled) return;
    machine.master.say({ type: 'PING', registered: true });
    machine.time.after(15_000, ping);
  };
  ping();
  return {
    cancel() {
      cancelled = true;
    },
  };
}
