import { describe, expect, it } from 'vitest';
import { agentMetrics } from './http/metrics.ts';
import { EXECUTOR_UPDATES_MAX } from './limits.ts';
import { FRAMEWORK } from './testing/fake-master.ts';
import { CUSTOM_EXECUTOR, PlainExecutor, makeExecutedTask } from './testing/plain-executor.ts';
import { SimulatedMachine } from './testing/simulated-agent.ts';

async function withExecutor(...taskIds: string[]) {
  const machine = new SimulatedMachine();
  machine.behave = () => ({ onTerminate: 'ignore' });
  const agent = await machine.startAgent();
  machine.master.run(...taskIds.map((id) => makeExecutedTask(id)));
  await machine.time.advance(10);
  const executor = new PlainExecutor(agent, () => machine.time.now());
  return { machine, agent, executor };
}

const specsOf = (machine: SimulatedMachine) => [...machine.containerizer.specs.values()];
const exits = (machine: SimulatedMachine) => machine.master.heard.filter(({ type }) => type === 'EXECUTOR_EXITED');

describe('a custom executor', () => {
  it('is started once for several tasks, in its sandbox, with its environment, and charged beside them', async () => {
    const { machine, agent } = await withExecutor('a', 'b');
    const specs = specsOf(machine);
    expect(specs).toHaveLength(1);
    expect(specs[0]).toMatchObject({
      command: { kind: 'shell', text: './runner' },
      environment: {
        MESOS_FRAMEWORK_ID: 'framework-1',
        MESOS_EXECUTOR_ID: 'runner',
        MESOS_AGENT_ENDPOINT: '10.0.0.1:5051',
        MESOS_CHECKPOINT: '1',
        MESOS_RECOVERY_TIMEOUT: '15mins',
        MESOS_SUBSCRIPTION_BACKOFF_MAX: '2secs',
        MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD: '5secs',
      },
    });
    expect(specs[0]?.environment).not.toHaveProperty('MESOS_TASK_ID');
    expect(specs[0]?.environment['MESOS_DIRECTORY']).toContain('/executors/runner/runs/');
    // Its own 0.2 and 64, and twice 0.1 and 32.
    expect([agent.ledger.heldAmount('cpus'), agent.ledger.heldAmount('mem')]).toEqual([0.4, 128]);
  });

  it('is told who it is and what to run; what it says reaches the framework once, and is acknowledged', async () => {
    const { machine, executor } = await withExecutor('a', 'b');
    expect(executor.subscribe()).toBeUndefined();
    await machine.time.advance(0);
    expect(executor.types()).toEqual(['SUBSCRIBED', 'LAUNCH', 'LAUNCH']);
    expect(executor.events[0]).toMatchObject({
      subscribed: {
        executor_info: { executor_id: { value: 'runner' }, framework_id: { value: 'framework-1' } },
        framework_info: { id: { value: 'framework-1' } },
        agent_info: { id: { value: 'agent-S0' }, hostname: 'host-1' },
      },
    });
    const running = executor.status('a', 'TASK_RUNNING', 1);
    executor.update({ ...running, data: 'aGk=' });
    executor.update({ ...running, data: 'aGk=' });
    await machine.time.advance(0);
    expect(executor.types().slice(3)).toEqual(['ACKNOWLEDGED', 'ACKNOWLEDGED']);
    expect(machine.master.statuses('a')).toMatchObject([
      { state: 'TASK_RUNNING', uuid: running.uuid, data: 'aGk=', executor_id: { value: 'runner' } },
    ]);
  });

  it('is told of a group as one', async () => {
    const machine = new SimulatedMachine();
    const agent = await machine.startAgent();
    const tasks = ['a', 'b'].map((id) => {
      const { executor: _theirs, ...info } = makeExecutedTask(id);
      return info;
    });
    machine.master.runGroup(CUSTOM_EXECUTOR, ...tasks);
    await machine.time.advance(10);
    const executor = new PlainExecutor(agent, () => machine.time.now());
    executor.subscribe();
    await machine.time.advance(0);
    expect(executor.events[1]).toMatchObject({
      type: 'LAUNCH_GROUP',
      launch_group: { task_group: { tasks: [{ name: 'a' }, { name: 'b' }] } },
    });
  });

  it('is asked to end a task, and frees its resources when it says so', async () => {
    const { machine, agent, executor } = await withExecutor('a');
    executor.subscribe();
    await machine.time.advance(0);
    machine.master.kill('a', 1500);
    expect(executor.events.at(-1)).toEqual({
      type: 'KILL',
      kill: { task_id: { value: 'a' }, kill_policy: { grace_period: { nanoseconds: 1.5e9 } } },
    });
    executor.update(executor.status('a', 'TASK_KILLED', 1));
    await machine.time.advance(0);
    expect(machine.master.states('a')).toEqual(['TASK_KILLED']);
    expect(agent.ledger.heldAmount('mem')).toBe(64);
  });

  it('hears from its framework and speaks to it', async () => {
    const { machine, agent, executor } = await withExecutor('a');
    const to = { framework_id: { value: 'framework-1' }, executor_id: { value: 'runner' } };
    // Nobody listens yet.
    machine.master.say({ type: 'FRAMEWORK_MESSAGE', ...to, data: 'ZWFybHk=' });
    executor.subscribe();
    machine.master.say({ type: 'FRAMEWORK_MESSAGE', ...to, data: 'aGVsbG8=' });
    expect(executor.events.at(-1)).toEqual({ type: 'MESSAGE', message: { data: 'aGVsbG8=' } });
    executor.say('YmFjaw==');
    expect(machine.master.heard.at(-1)).toEqual({ type: 'EXECUTOR_MESSAGE', ...to, data: 'YmFjaw==' });
    executor.update(executor.status('somebody else', 'TASK_RUNNING', 1));
    expect(agentMetrics(agent, 0)).toMatchObject({
      'slave/valid_framework_messages': 2,
      'slave/invalid_framework_messages': 1,
      'slave/invalid_status_updates': 1,
      'slave/executors_running': 1,
      'slave/executors_terminated': 0,
    });
  });

  it('that ends takes its tasks along, and its framework hears how it ended', async () => {
    const { machine, agent, executor } = await withExecutor('a');
    executor.subscribe();
    const [containerId = ''] = specsOf(machine).map((spec) => spec.containerId);
    machine.containerizer.end(containerId, { kind: 'exited', code: 3 });
    await machine.time.advance(10);
    expect(machine.master.statuses('a').at(-1)).toMatchObject({
      state: 'TASK_FAILED',
      reason: 'REASON_EXECUTOR_TERMINATED',
    });
    expect(exits(machine)).toMatchObject([{ executor_id: { value: 'runner' }, status: 3 << 8 }]);
    expect(executor.isClosed).toBe(true);
    expect(agentMetrics(agent, 0)).toMatchObject({ 'slave/executors_running': 0, 'slave/executors_terminated': 1 });
    expect(agent.ledger.heldAmount('mem')).toBe(0);
    expect(executor.say('')?.why).toBe('unknown');
  });

  it('that never subscribes is ended after a minute, and says so', async () => {
    const { machine } = await withExecutor('a');
    await machine.time.advance(59_000);
    expect(exits(machine)).toEqual([]);
    await machine.time.advance(10_000);
    expect(machine.master.statuses('a').at(-1)).toMatchObject({
      state: 'TASK_FAILED',
      reason: 'REASON_EXECUTOR_REGISTRATION_TIMEOUT',
    });
    expect(exits(machine)).toHaveLength(1);
  });

  it('is ended when all it was started for is killed before it came in', async () => {
    const { machine, agent } = await withExecutor('a', 'b');
    machine.master.kill('a');
    await machine.time.advance(1_000);
    expect(exits(machine)).toEqual([]);
    machine.master.kill('b');
    await machine.time.advance(6_000);
    expect(machine.master.states('b')).toEqual(['TASK_KILLED']);
    expect(exits(machine)).toHaveLength(1);
    expect(agent.ledger.heldAmount('mem')).toBe(0);
  });

  it('that is shut down is told first, and ended when its grace period is over', async () => {
    const { machine, executor } = await withExecutor('a');
    executor.subscribe();
    const to = { framework_id: { value: 'framework-1' }, executor_id: { value: 'runner' } };
    machine.master.say({ type: 'SHUTDOWN_EXECUTOR', ...to });
    expect(executor.events.at(-1)).toEqual({ type: 'SHUTDOWN' });
    await machine.time.advance(4_900);
    expect(exits(machine)).toEqual([]);
    await machine.time.advance(1_000);
    expect(exits(machine)).toMatchObject([{ status: 9 }]);
    expect(machine.master.states('a').at(-1)).toBe('TASK_FAILED');
  });

  it('may not say more than so much that its framework does not acknowledge', async () => {
    const { machine, executor } = await withExecutor('a');
    machine.master.acknowledges = false;
    executor.subscribe();
    await machine.time.advance(0);
    const say = (count: number) =>
      executor.update({
        ...executor.status('a', 'TASK_RUNNING', 0),
        uuid: Buffer.alloc(16, String(count).padStart(16, '0')).toString('base64'),
      });
    let count = 0;
    while (say(count) === undefined && count <= EXECUTOR_UPDATES_MAX) count += 1;
    expect([count, say(0)?.why]).toEqual([EXECUTOR_UPDATES_MAX, 'busy']);
  });

  it('that nothing came of is told to be over, once', async () => {
    const machine = new SimulatedMachine();
    const agent = await machine.startAgent();
    const cpus = { name: 'cpus', type: 'SCALAR', scalar: { value: 100 } } as const;
    const tooLarge = { ...makeExecutedTask('large'), resources: [cpus] };
    machine.master.run(tooLarge);
    await machine.time.advance(10);
    expect(machine.master.states('large')).toEqual(['TASK_DROPPED']);
    expect(exits(machine)).toMatchObject([{ executor_id: { value: 'runner' }, status: 9 }]);
    // Beside one that fits it is there, and the message may come twice.
    machine.master.run({ ...tooLarge, task_id: { value: 'also-large' } }, makeExecutedTask('small'));
    machine.master.run(tooLarge, makeExecutedTask('small'));
    await machine.time.advance(10);
    expect(exits(machine)).toHaveLength(1);
    expect(agent.ledger.heldAmount('cpus')).toBe(0.3);
  });

  it('goes with its framework', async () => {
    const { machine, executor } = await withExecutor('a');
    executor.subscribe();
    await machine.time.advance(0);
    machine.master.say({ type: 'SHUTDOWN_FRAMEWORK', framework_id: { value: 'framework-1' } });
    expect(executor.types().slice(-2)).toEqual(['KILL', 'SHUTDOWN']);
  });
});

describe('a custom executor whose agent was restarted', () => {
  it('comes back with what was never acknowledged; what was lost on the way is dropped', async () => {
    const { machine, agent, executor } = await withExecutor('known', 'lost', 'quiet');
    executor.subscribe();
    await machine.time.advance(0);
    executor.update(executor.status('quiet', 'TASK_RUNNING', 1));
    await machine.time.advance(0);
    await agent.stop();
    const [first] = specsOf(machine);
    const next = await machine.startAgent();
    expect(machine.master.registrations().at(-1)).toMatchObject({
      executors: [{ framework_id: FRAMEWORK.id, executor: { executor_id: { value: 'runner' } } }],
    });
    const again = new PlainExecutor(next, () => machine.time.now());
    const said = again.status('known', 'TASK_RUNNING', 2);
    again.subscribe([makeExecutedTask('known')], [again.status('quiet', 'TASK_RUNNING', 1), said]);
    await machine.time.advance(0);
    expect(again.types()).toEqual(['SUBSCRIBED', 'ACKNOWLEDGED', 'ACKNOWLEDGED']);
    expect(machine.master.states('known').at(-1)).toBe('TASK_RUNNING');
    expect(machine.master.states('quiet')).toEqual(['TASK_RUNNING']);
    expect(machine.master.statuses('lost').at(-1)).toMatchObject({
      state: 'TASK_DROPPED',
      reason: 'REASON_AGENT_RESTARTED',
    });
    expect(specsOf(machine)).toEqual([first]);
  });

  it('is waited for as long as its recovery timeout, and no longer', async () => {
    const { machine, agent, executor } = await withExecutor('a');
    executor.subscribe();
    executor.update(executor.status('a', 'TASK_RUNNING', 1));
    await machine.time.advance(0);
    await agent.stop();
    await machine.startAgent();
    await machine.time.advance(14 * 60_000);
    expect(machine.master.states('a')).toEqual(['TASK_RUNNING']);
    await machine.time.advance(2 * 60_000);
    expect(machine.master.statuses('a').at(-1)).toMatchObject({
      state: 'TASK_FAILED',
      reason: 'REASON_EXECUTOR_REREGISTRATION_TIMEOUT',
    });
  });

  it('and which ended meanwhile, takes its tasks along', async () => {
    const { machine, agent, executor } = await withExecutor('a');
    executor.subscribe();
    await machine.time.advance(0);
    await agent.stop();
    const [containerId = ''] = specsOf(machine).map((spec) => spec.containerId);
    machine.containerizer.end(containerId, { kind: 'exited', code: 0 });
    const next = await machine.startAgent();
    expect(machine.master.statuses('a').at(-1)).toMatchObject({
      state: 'TASK_FAILED',
      reason: 'REASON_EXECUTOR_TERMINATED',
    });
    expect(next.ledger.heldAmount('mem')).toBe(0);
  });
});
