import { VirtualTime } from '@stadion/base/testing';
import { describe, expect, it } from 'vitest';
import { describeContainerizer } from '../../testing/containerizer-conformance.ts';
import type { ContainerSpec } from '../../ports/containerizer.ts';
import { createFakeContainerizer, type FakeBehaviour } from './fake-containerizer.ts';

const BEHAVIOURS: Readonly<Record<string, FakeBehaviour>> = {
  runs: {},
  'exits-0': { exit: { afterMs: 10, exit: { kind: 'exited', code: 0 } } },
  'exits-3': { exit: { afterMs: 10, exit: { kind: 'exited', code: 3 } } },
  'ignores-sigterm': { onTerminate: 'ignore' },
};

function specOf(containerId: string, text: string): ContainerSpec {
  return { containerId, command: { kind: 'shell', text }, environment: {}, directory: '/nowhere' };
}

describeContainerizer('fake', () => {
  const time = new VirtualTime();
  const machine = createFakeContainerizer({
    clock: time,
    timers: time,
    behave: (spec) => BEHAVIOURS[spec.command.kind === 'shell' ? spec.command.text : ''] ?? {},
  });
  let count = 0;
  return {
    create: async () => machine,
    recreate: async () => machine,
    async spec(behaviour) {
      count += 1;
      return specOf(`container-${count}`, behaviour);
    },
    ready: async () => undefined,
    async until(condition) {
      for (let round = 0; round < 1000 && !condition(); round += 1) await time.advance(50);
      expect(condition()).toBe(true);
    },
    destroy: async () => undefined,
  };
});

describe('the fake containerizer', () => {
  it('starts no timer for a container that just runs', async () => {
    const time = new VirtualTime();
    const machine = createFakeContainerizer({ clock: time, timers: time });
    await machine.recover(() => undefined);
    await machine.launch(specOf('a', 'runs'));
    expect(time.nextAt()).toBeUndefined();
    expect(machine.runningCount).toBe(1);
  });

  it('takes its scripted time to start, and fails as scripted', async () => {
    const time = new VirtualTime();
    const machine = createFakeContainerizer({
      clock: time,
      timers: time,
      behave: () => ({ startDelayMs: 500, launchFailure: 'no room' }),
    });
    await machine.recover(() => undefined);
    const launch = machine.launch(specOf('a', ''));
    await time.advance(499);
    expect(time.nextAt()).toBe(500);
    await time.advance(1);
    expect(await launch).toEqual({ ok: false, message: 'no room' });
  });

  it('goes on while no agent is there, and forgets how things ended when the machine restarts', async () => {
    const time = new VirtualTime();
    const machine = createFakeContainerizer({ clock: time, timers: time });
    await machine.recover(() => undefined);
    await machine.launch(specOf('a', ''));
    await machine.close();
    expect(machine.runningCount).toBe(1);
    machine.reboot();
    const [container] = await machine.recover(() => undefined);
    expect(container).toMatchObject({ state: 'exited', exit: { kind: 'unknown' } });
  });
});
