import { describe, expect, it } from 'vitest';
import type { Resource } from '@stadion/contract/mesos';
import { makeExecutor, makeTask, makeVolume } from './testing/fake-master.ts';
import { SimulatedMachine } from './testing/simulated-agent.ts';

const DATA = '/volumes/roles/web/v1';

function checkpoint(machine: SimulatedMachine, version: number, resources: Resource[]): void {
  machine.master.say({ type: 'CHECKPOINT_RESOURCES', checkpointed: { version, resources } });
}

function withVolume(taskId: string): ReturnType<typeof makeTask> {
  return makeTask(taskId, { resources: [...makeTask(taskId).resources, makeVolume('v1')] });
}

describe('persistent volumes', () => {
  it('are made before the task that needs them, and mounted into it', async () => {
    const machine = new SimulatedMachine();
    await machine.startAgent();
    checkpoint(machine, 1, [makeVolume('v1')]);
    machine.master.run(withVolume('a'));
    await machine.time.advance(10);
    const [spec] = [...machine.containerizer.specs.values()];
    expect(spec?.mounts).toEqual([
      { source: DATA, containerPath: 'data', readOnly: false, limitBytes: 10 * 1024 * 1024 },
    ]);
    expect(machine.volumes.made.size).toBe(1);
  });

  it('outlive tasks and agents: the next task gets the same one', async () => {
    const machine = new SimulatedMachine();
    const first = await machine.startAgent();
    checkpoint(machine, 1, [makeVolume('v1')]);
    machine.master.run(withVolume('a'));
    await machine.time.advance(10);
    machine.master.kill('a', 0);
    await machine.time.advance(10);
    const made = [...machine.volumes.made.values()];
    await first.stop();
    machine.master.hangUp();
    await machine.startAgent();
    expect(machine.master.registrations().at(-1)?.checkpointed).toEqual({ version: 1, resources: [makeVolume('v1')] });
    machine.master.run(withVolume('b'));
    await machine.time.advance(10);
    expect(machine.master.states('b').at(-1)).toBe('TASK_RUNNING');
    expect([...machine.volumes.made.values()]).toEqual(made);
  });

  it('are wiped when they are given up, and not before', async () => {
    const machine = new SimulatedMachine();
    await machine.startAgent();
    checkpoint(machine, 1, [makeVolume('v1'), makeVolume('v2')]);
    await machine.time.advance(10);
    checkpoint(machine, 2, [makeVolume('v2')]);
    await machine.time.advance(10);
    expect(machine.volumes.wipedCount).toBe(1);
    expect(machine.volumes.made.size).toBe(1);
  });

  it('are wiped by the next agent when this one could not', async () => {
    const machine = new SimulatedMachine();
    const first = await machine.startAgent();
    checkpoint(machine, 1, [makeVolume('v1')]);
    await machine.time.advance(10);
    machine.volumes.failure = 'the disk is in a bad mood';
    checkpoint(machine, 2, []);
    await machine.time.advance(10);
    expect(machine.volumes.wipedCount).toBe(0);
    await first.stop();
    machine.master.hangUp();
    machine.volumes.failure = undefined;
    await machine.startAgent();
    expect(machine.volumes.wipedCount).toBe(1);
  });

  it('are wiped as soon as that is possible again, though nobody asks any more', async () => {
    const machine = new SimulatedMachine();
    await machine.startAgent();
    checkpoint(machine, 1, [makeVolume('v1')]);
    await machine.time.advance(10);
    machine.volumes.failure = 'the disk is in a bad mood';
    checkpoint(machine, 2, []);
    await machine.time.advance(100_000);
    expect(machine.volumes.wipedCount).toBe(0);
    machine.volumes.failure = undefined;
    await machine.time.advance(30_000);
    expect(machine.volumes.wipedCount).toBe(1);
    await machine.time.advance(100_000);
    expect(machine.volumes.wipedCount).toBe(1);
  });

  it('do not go back to older words that come late', async () => {
    const machine = new SimulatedMachine();
    await machine.startAgent();
    checkpoint(machine, 1, [makeVolume('v1')]);
    checkpoint(machine, 2, [makeVolume('v1'), makeVolume('v2')]);
    checkpoint(machine, 1, [makeVolume('v1')]);
    await machine.time.advance(10);
    expect(machine.volumes.wipedCount).toBe(0);
    machine.master.say({ type: 'PING', registered: true });
    expect(machine.master.heard.at(-1)).toEqual({ type: 'PONG', checkpointed_version: 2 });
  });

  it('are asked for again with the next ping, and not at once, where they cannot be written', async () => {
    const machine = new SimulatedMachine();
    await machine.startAgent();
    checkpoint(machine, 1, [makeVolume('v1')]);
    await machine.time.advance(10);
    machine.checkpoints.fail('the disk is full');
    const heard = machine.master.heard.length;
    checkpoint(machine, 2, [makeVolume('v1'), makeVolume('v2')]);
    await machine.time.advance(10);
    expect(machine.master.heard.slice(heard)).toEqual([]);
    machine.master.say({ type: 'PING', registered: true });
    expect(machine.master.heard.at(-1)).toEqual({ type: 'PONG', checkpointed_version: 1 });
    machine.checkpoints.fail(undefined);
    checkpoint(machine, 2, [makeVolume('v1'), makeVolume('v2')]);
    await machine.time.advance(10);
    expect(machine.master.heard.at(-1)).toEqual({ type: 'PONG', checkpointed_version: 2 });
  });

  it('are announced to the next master from the moment this one has told of them, on disk or not', async () => {
    const machine = new SimulatedMachine();
    await machine.startAgent();
    machine.checkpoints.fail('the disk is full');
    checkpoint(machine, 1, [makeVolume('v1')]);
    machine.master.hangUp();
    await machine.time.advance(10_000);
    expect(machine.master.registrations().at(-1)?.checkpointed).toEqual({ version: 1, resources: [makeVolume('v1')] });
    // What is on disk is told by the answers to pings: so the master sends again what is not.
    machine.master.say({ type: 'PING', registered: true });
    expect(machine.master.heard.at(-1)).toEqual({ type: 'PONG' });
    machine.checkpoints.fail(undefined);
    checkpoint(machine, 1, [makeVolume('v1')]);
    await machine.time.advance(10);
    expect(machine.volumes.made.size).toBe(1);
  });

  it('that are not here drop the task', async () => {
    const machine = new SimulatedMachine();
    await machine.startAgent();
    machine.master.run(withVolume('a'));
    await machine.time.advance(10);
    expect(machine.master.statuses('a').at(-1)).toMatchObject({
      state: 'TASK_DROPPED',
      reason: 'REASON_RESOURCES_UNKNOWN',
    });
  });

  it('are given to one task at a time', async () => {
    const machine = new SimulatedMachine();
    await machine.startAgent();
    checkpoint(machine, 1, [makeVolume('v1')]);
    machine.master.run(withVolume('a'), withVolume('b'));
    await machine.time.advance(10);
    expect(machine.master.states('a').at(-1)).toBe('TASK_RUNNING');
    expect(machine.master.states('b')).toEqual(['TASK_DROPPED']);
  });

  it('of a pod are in every container that mounts them, as are directories that only live as long as the pod', async () => {
    const machine = new SimulatedMachine();
    await machine.startAgent();
    checkpoint(machine, 1, [makeVolume('v1', 'db')]);
    const mounting = (taskId: string): ReturnType<typeof makeTask> =>
      makeTask(taskId, {
        container: {
          type: 'MESOS',
          volumes: ['db', 'scratch'].map((path) => ({
            mode: 'RW' as const,
            container_path: `my-${path}`,
            source: { type: 'SANDBOX_PATH' as const, sandbox_path: { type: 'PARENT' as const, path } },
          })),
        },
      });
    machine.master.runGroup(makeExecutor('e', [makeVolume('v1', 'db')]), mounting('a'), mounting('b'));
    await machine.time.advance(10);
    for (const spec of machine.containerizer.specs.values()) {
      expect(spec.mounts).toEqual([
        { source: DATA, containerPath: 'my-db', readOnly: false, limitBytes: 10 * 1024 * 1024 },
        { source: `${spec.pod?.directory ?? ''}/scratch`, containerPath: 'my-scratch', readOnly: false },
      ]);
    }
    expect(machine.containerizer.specs.size).toBe(2);
  });
});
