import { describe, expect, it } from 'vitest';
import { makeTask } from './testing/fake-master.ts';
import { SimulatedMachine } from './testing/simulated-agent.ts';

describe('an agent and its master', () => {
  it('registers, and takes the id it is given', async () => {
    const machine = new SimulatedMachine();
    const agent = await machine.startAgent();
    expect(agent.registered).toBe(true);
    expect(agent.info.id).toEqual({ value: 'agent-S0' });
    expect(machine.master.registrations()[0]?.agent).toMatchObject({
      containerizers: ['posix'],
      attributes: [{ name: 'stadion_containerizers', type: 'SET', set: { item: ['posix'] } }],
    });
  });

  it('keeps its id through a restart', async () => {
    const machine = new SimulatedMachine();
    await (await machine.startAgent()).stop();
    await machine.startAgent();
    expect(machine.master.registrations()[1]?.agent.id).toEqual({ value: 'agent-S0' });
  });

  it('goes on dialling while there is no master, ever more slowly', async () => {
    const machine = new SimulatedMachine();
    machine.master.reachable = false;
    const agent = await machine.startAgent();
    await machine.time.advance(3_600_000);
    expect(machine.master.dials).toBeGreaterThan(60);
    expect(machine.master.dials).toBeLessThan(400);
    machine.master.reachable = true;
    await machine.time.advance(60_000);
    expect(agent.registered).toBe(true);
  });

  it('sits no long rest out once it hears that somebody leads, and leaves a link that it has alone', async () => {
    const machine = new SimulatedMachine();
    machine.master.reachable = false;
    const agent = await machine.startAgent();
    await machine.time.advance(3_600_000);
    machine.master.reachable = true;
    machine.master.announce();
    await machine.time.advance(1_000);
    expect(agent.registered).toBe(true);
    const { dials } = machine.master;
    machine.master.announce();
    await machine.time.advance(10_000);
    expect([machine.master.dials, agent.registered]).toEqual([dials, true]);
  });

  it('repeats a registration that is not answered, and dials anew when that does not help', async () => {
    const machine = new SimulatedMachine();
    machine.master.answersRegistrations = false;
    const agent = await machine.startAgent();
    await machine.time.advance(30_000);
    expect(machine.master.registrations().length).toBeGreaterThan(3);
    expect(machine.master.dials).toBeGreaterThan(1);
    machine.master.answersRegistrations = true;
    await machine.time.advance(120_000);
    expect(agent.registered).toBe(true);
  });

  it('answers pings, and registers again when the master says that it does not know it', async () => {
    const machine = new SimulatedMachine();
    const agent = await machine.startAgent();
    machine.master.say({ type: 'PING', registered: true });
    expect(machine.master.heard.at(-1)).toEqual({ type: 'PONG' });
    machine.master.say({ type: 'PING', registered: false });
    expect(machine.master.registrations()).toHaveLength(2);
    expect(agent.registered).toBe(true);
  });

  it('dials again when the master falls silent', async () => {
    const machine = new SimulatedMachine();
    const agent = await machine.startAgent();
    await machine.time.advance(74_000);
    expect(machine.master.dials).toBe(1);
    await machine.time.advance(5_000);
    expect(machine.master.dials).toBe(2);
    expect(agent.registered).toBe(true);
  });

  it('is back at once when the link breaks, and its tasks run on', async () => {
    const machine = new SimulatedMachine();
    const agent = await machine.startAgent();
    machine.master.run(makeTask('a'));
    await machine.time.advance(0);
    machine.master.hangUp();
    expect(agent.registered).toBe(false);
    await machine.time.advance(1000);
    expect(agent.registered).toBe(true);
    expect(machine.master.registrations()[1]?.tasks).toMatchObject([{ state: 'TASK_RUNNING', info: { name: 'a' } }]);
    expect(machine.containerizer.runningCount).toBe(1);
  });

  it('ends its tasks and begins a new life when the master shuts it down', async () => {
    const machine = new SimulatedMachine();
    const agent = await machine.startAgent();
    machine.master.run(makeTask('a'));
    await machine.time.advance(0);
    machine.master.agentId = 'agent-S1';
    machine.master.say({ type: 'REJECTED', reason: 'removed', shutdown: true });
    await machine.time.advance(120_000);
    expect(machine.containerizer.runningCount).toBe(0);
    expect(agent.info.id).toEqual({ value: 'agent-S1' });
    expect(machine.master.registrations().at(-1)?.tasks).toEqual([]);
  });

  it('ends all tasks on request, and takes no new ones meanwhile', async () => {
    const machine = new SimulatedMachine();
    const agent = await machine.startAgent();
    machine.master.run(makeTask('a'), makeTask('b'));
    await machine.time.advance(0);
    const ended = agent.endTasks(10_000);
    machine.master.run(makeTask('late'));
    await machine.time.advance(100);
    expect(await ended).toBe(true);
    expect(machine.master.states('a').at(-1)).toBe('TASK_KILLED');
    expect(machine.master.statuses('late')).toMatchObject([{ state: 'TASK_DROPPED' }]);
    await agent.stop();
    expect(machine.master.heard).not.toContainEqual({ type: 'SUSPEND' });
  });

  it('says that it will be back when it is stopped and its tasks run on', async () => {
    const machine = new SimulatedMachine();
    const agent = await machine.startAgent();
    machine.master.run(makeTask('a'));
    await machine.time.advance(100);
    await agent.stop();
    expect(machine.master.heard.at(-1)).toEqual({ type: 'SUSPEND' });
    expect(machine.containerizer.specs.size).toBe(1);
  });
});

describe('the life of a task', () => {
  it('goes from starting to running, acknowledged one by one', async () => {
    const machine = new SimulatedMachine();
    await machine.startAgent();
    machine.master.run(makeTask('a'));
    await machine.time.advance(0);
    expect(machine.master.states('a')).toEqual(['TASK_STARTING', 'TASK_RUNNING']);
    expect(machine.master.statuses('a')[1]).toMatchObject({
      source: 'SOURCE_EXECUTOR',
      executor_id: { value: 'a' },
      agent_id: { value: 'agent-S0' },
      container_status: {
        network_infos: [{ ip_addresses: [{ protocol: 'IPv4', ip_address: '10.0.0.1' }] }],
        executor_pid: 1001,
      },
    });
  });

  it.each([
    [{ kind: 'exited', code: 0 } as const, 'TASK_FINISHED', 'Command exited with status 0'],
    [{ kind: 'exited', code: 127 } as const, 'TASK_FAILED', 'Command exited with status 127'],
    [{ kind: 'signaled', signal: 9 } as const, 'TASK_FAILED', 'Command terminated with signal Killed'],
  ])('ends with %j as %s', async (exit, state, message) => {
    const machine = new SimulatedMachine();
    machine.behave = () => ({ exit: { afterMs: 100, exit } });
    await machine.startAgent();
    machine.master.run(makeTask('a'));
    await machine.time.advance(200);
    expect(machine.master.statuses('a').at(-1)).toMatchObject({ state, message });
  });

  it('is killed by SIGTERM with the announcement that the framework understands', async () => {
    const machine = new SimulatedMachine();
    await machine.startAgent();
    machine.master.run(makeTask('a'));
    await machine.time.advance(0);
    machine.master.kill('a');
    await machine.time.advance(10);
    expect(machine.master.states('a')).toEqual(['TASK_STARTING', 'TASK_RUNNING', 'TASK_KILLING', 'TASK_KILLED']);
    expect(machine.master.statuses('a').at(-1)?.message).toBe('Command terminated with signal Terminated');
  });

  it.each([
    ['the call', 700, { grace_period: { nanoseconds: 9e9 } }, 700],
    ['the task', undefined, { grace_period: { nanoseconds: 9e9 } }, 9000],
    ['nobody', undefined, undefined, 3000],
  ])('takes the grace period of %s', async (_who, call, policy, graceMs) => {
    const machine = new SimulatedMachine();
    machine.behave = () => ({ onTerminate: 'ignore' });
    await machine.startAgent();
    machine.master.run(makeTask('a', policy === undefined ? {} : { kill_policy: policy }));
    await machine.time.advance(0);
    machine.master.kill('a', call);
    await machine.time.advance(graceMs - 1);
    expect(machine.master.states('a')).not.toContain('TASK_KILLED');
    await machine.time.advance(1);
    expect(machine.master.states('a').at(-1)).toBe('TASK_KILLED');
  });

  it('lets a second kill only shorten', async () => {
    const machine = new SimulatedMachine();
    machine.behave = () => ({ onTerminate: 'ignore' });
    await machine.startAgent();
    machine.master.run(makeTask('a'));
    await machine.time.advance(0);
    machine.master.kill('a', 10_000);
    machine.master.kill('a', 100_000);
    machine.master.kill('a', 500);
    await machine.time.advance(500);
    expect(machine.master.states('a').at(-1)).toBe('TASK_KILLED');
  });

  it('never starts when killed while its artifacts are fetched', async () => {
    const machine = new SimulatedMachine();
    let aborted = false;
    machine.fetch = (request) =>
      new Promise((resolve) => {
        request.signal.addEventListener('abort', () => {
          aborted = true;
          resolve({ ok: false, message: 'aborted' });
        });
      });
    await machine.startAgent();
    machine.master.run(makeTask('a', { command: { value: 'true', uris: [{ value: 'http://x/y' }] } }));
    await machine.time.advance(0);
    machine.master.kill('a');
    await machine.time.advance(0);
    expect(aborted).toBe(true);
    expect(machine.master.statuses('a')).toMatchObject([
      { state: 'TASK_KILLED', reason: 'REASON_TASK_KILLED_DURING_LAUNCH' },
    ]);
    expect(machine.containerizer.runningCount).toBe(0);
  });

  it('is killed as soon as it has started when the kill came during the start', async () => {
    const machine = new SimulatedMachine();
    machine.behave = () => ({ startDelayMs: 100 });
    await machine.startAgent();
    machine.master.run(makeTask('a'));
    await machine.time.advance(50);
    machine.master.kill('a');
    await machine.time.advance(100);
    expect(machine.master.states('a')).toEqual(['TASK_STARTING', 'TASK_KILLED']);
  });

  it('fails with the reason when its artifacts cannot be had', async () => {
    const machine = new SimulatedMachine();
    machine.fetch = () => ({ ok: false, message: 'http://x/y: 404' });
    await machine.startAgent();
    machine.master.run(makeTask('a', { command: { value: 'true', uris: [{ value: 'http://x/y' }] } }));
    await machine.time.advance(0);
    const [status] = machine.master.statuses('a');
    expect(status).toMatchObject({ state: 'TASK_FAILED', reason: 'REASON_CONTAINER_LAUNCH_FAILED' });
    expect(status?.message).toMatch(/^Failed to fetch all URIs for container '.*': http:\/\/x\/y: 404$/);
  });

  it('fails, and only it, when the disk is full', async () => {
    const machine = new SimulatedMachine();
    await machine.startAgent();
    machine.sandboxes.failure = 'the disk is full';
    machine.master.run(makeTask('a'));
    await machine.time.advance(0);
    expect(machine.master.statuses('a')).toMatchObject([
      { state: 'TASK_FAILED', message: 'The sandbox could not be made: the disk is full' },
    ]);
    machine.sandboxes.failure = undefined;
    machine.checkpoints.fail('no space left on device');
    machine.master.run(makeTask('b'));
    await machine.time.advance(0);
    expect(machine.master.states('b')).toEqual(['TASK_STARTING', 'TASK_FAILED']);
    machine.checkpoints.fail(undefined);
    machine.master.run(makeTask('c'));
    await machine.time.advance(0);
    expect(machine.master.states('c').at(-1)).toBe('TASK_RUNNING');
  });

  it('is not launched a second time by a duplicate message, not even after its end', async () => {
    const machine = new SimulatedMachine();
    await machine.startAgent();
    machine.master.run(makeTask('a'));
    machine.master.run(makeTask('a'));
    await machine.time.advance(0);
    expect(machine.containerizer.runningCount).toBe(1);
    machine.master.kill('a');
    await machine.time.advance(10);
    machine.master.run(makeTask('a'));
    await machine.time.advance(0);
    expect(machine.containerizer.runningCount).toBe(0);
  });

  it('is dropped when the agent has not what it wants', async () => {
    const machine = new SimulatedMachine();
    await machine.startAgent();
    const ports = { name: 'ports', type: 'RANGES' as const, ranges: { range: [{ begin: 31000, end: 31000 }] } };
    machine.master.run(
      makeTask('big', { resources: [{ name: 'cpus', type: 'SCALAR', scalar: { value: 4.001 } }] }),
      makeTask('first', { resources: [ports] }),
      makeTask('second', { resources: [ports] }),
    );
    await machine.time.advance(0);
    expect(machine.master.statuses('big')).toMatchObject([
      { state: 'TASK_DROPPED', message: 'The task wants 4.001 cpus, and the agent has 4 left' },
    ]);
    expect(machine.master.states('first').at(-1)).toBe('TASK_RUNNING');
    expect(machine.master.statuses('second')).toMatchObject([
      { state: 'TASK_DROPPED', message: 'The task wants port 31000, which another task has' },
    ]);
  });

  it('fails when it wants Docker and there is none', async () => {
    const machine = new SimulatedMachine();
    await machine.startAgent();
    machine.master.run(makeTask('a', { container: { type: 'DOCKER', docker: { image: 'x' } } }));
    await machine.time.advance(0);
    expect(machine.master.statuses('a')).toMatchObject([
      { state: 'TASK_FAILED', reason: 'REASON_CONTAINER_LAUNCH_FAILED' },
    ]);
    expect(machine.master.statuses('a')[0]?.message).toContain('this agent has no docker');
  });

  it('fails when it runs longer than it may', async () => {
    const machine = new SimulatedMachine();
    await machine.startAgent();
    machine.master.run(makeTask('a', { max_completion_time: { nanoseconds: 5e9 } }));
    await machine.time.advance(4999);
    expect(machine.master.states('a').at(-1)).toBe('TASK_RUNNING');
    await machine.time.advance(10);
    expect(machine.master.statuses('a').at(-1)).toMatchObject({
      state: 'TASK_FAILED',
      reason: 'REASON_MAX_COMPLETION_TIME_REACHED',
    });
  });

  it('starts with the environment of Mesos, its own variables on top', async () => {
    const machine = new SimulatedMachine();
    await machine.startAgent({ inheritedEnvironment: { PATH: '/bin', SECRET: 'x', LC_ALL: 'C' } });
    const environment = { variables: [{ name: 'LC_ALL', value: 'de_DE' }] };
    machine.master.run(makeTask('a', { command: { value: 'true', environment } }));
    await machine.time.advance(0);
    const [spec] = machine.containerizer.specs.values();
    expect(spec?.environment).toMatchObject({
      PATH: '/bin',
      LC_ALL: 'de_DE',
      MESOS_SANDBOX: spec?.directory,
      MESOS_TASK_ID: 'a',
      MESOS_EXECUTOR_ID: 'a',
      MESOS_FRAMEWORK_ID: 'framework-1',
      MESOS_SLAVE_ID: 'agent-S0',
      MESOS_AGENT_ENDPOINT: '10.0.0.1:5051',
      MESOS_ALLOCATION_ROLE: 'web',
      LIBPROCESS_IP: '10.0.0.1',
    });
    expect(spec?.environment).not.toHaveProperty('SECRET');
  });

  it('is reported as gone when nobody knows it, and as it ended when it did', async () => {
    const machine = new SimulatedMachine();
    await machine.startAgent();
    machine.master.kill('stranger');
    expect(machine.master.statuses('stranger')).toMatchObject([{ state: 'TASK_GONE', source: 'SOURCE_AGENT' }]);
    machine.behave = () => ({ exit: { afterMs: 1, exit: { kind: 'exited', code: 0 } } });
    machine.master.run(makeTask('a'));
    await machine.time.advance(10);
    machine.master.kill('a');
    expect(machine.master.states('a').slice(-2)).toEqual(['TASK_FINISHED', 'TASK_FINISHED']);
  });

  it('ends with its framework', async () => {
    const machine = new SimulatedMachine();
    machine.master.acknowledges = false;
    const agent = await machine.startAgent();
    machine.master.run(makeTask('a'));
    await machine.time.advance(0);
    machine.master.say({ type: 'SHUTDOWN_FRAMEWORK', framework_id: { value: 'framework-1' } });
    await machine.time.advance(10);
    expect(machine.containerizer.runningCount).toBe(0);
    expect(machine.master.states('a').at(-1)).toBe('TASK_KILLED');
    expect([...agent.tasks()]).toEqual([]);
    expect(agent.ledger.heldAmount('cpus')).toBe(0);
  });
});
