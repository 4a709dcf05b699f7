/** What every containerizer must do. Each adapter's test runs this suite against itself. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ContainerExit } from '../core/container.ts';
import type { Containerizer, ContainerSpec } from '../ports/containerizer.ts';

/** What the suite needs to know about a containerizer under test. */
export interface ConformanceSubject {
  /** A containerizer on an empty machine. */
  create(): Promise<Containerizer>;
  /** Another one on the same machine, as a restarted agent has it. The earlier one is closed. */
  recreate(): Promise<Containerizer>;
  /** A container that does as it is told; the directory exists. */
  spec(behaviour: 'runs' | 'exits-0' | 'exits-3' | 'ignores-sigterm'): Promise<ContainerSpec>;
  /** Resolves when a launched container does what it was told to, e.g. has learned to ignore SIGTERM. */
  ready(spec: ContainerSpec): Promise<void>;
  /** Lets time pass until the condition holds; fails when it does not for long. */
  until(condition: () => boolean): Promise<void>;
  destroy(): Promise<void>;
}

/** Runs the suite. */
export function describeContainerizer(name: string, makeSubject: () => ConformanceSubject): void {
  describe(`the containerizer ${name}`, () => {
    let subject: ConformanceSubject;
    let containerizer: Containerizer;
    const exits = new Map<string, ContainerExit[]>();
    const onExit = (containerId: string, exit: ContainerExit): void => {
      exits.set(containerId, [...(exits.get(containerId) ?? []), exit]);
    };
    const exitOf = (spec: ContainerSpec): ContainerExit | undefined => exits.get(spec.containerId)?.[0];

    beforeEach(async () => {
      exits.clear();
      subject = makeSubject();
      containerizer = await subject.create();
    });

    afterEach(async () => {
      await containerizer.close();
      await subject.destroy();
    });

    it('says what it is good for', async () => {
      const fingerprint = await containerizer.fingerprint();
      expect(fingerprint.containerizers.length).toBeGreaterThan(0);
    });

    it('finds nothing on an empty machine', async () => {
      expect(await containerizer.recover(onExit)).toEqual([]);
    });

    it('tells the exit status of a command once', async () => {
      await containerizer.recover(onExit);
      const good = await subject.spec('exits-0');
      const bad = await subject.spec('exits-3');
      expect((await containerizer.launch(good)).ok).toBe(true);
      expect((await containerizer.launch(bad)).ok).toBe(true);
      await subject.until(() => exits.size === 2);
      expect(exits.get(good.containerId)).toEqual([{ kind: 'exited', code: 0 }]);
      expect(exits.get(bad.containerId)).toEqual([{ kind: 'exited', code: 3 }]);
    });

    it('never tells an exit before the launch has resolved', async () => {
      await containerizer.recover(onExit);
      const spec = await subject.spec('exits-0');
      const order: string[] = [];
      const launched = containerizer.launch(spec).then(() => order.push(exits.size === 0 ? 'launched' : 'too late'));
      await subject.until(() => exits.size === 1);
      await launched;
      expect(order).toEqual(['launched']);
    });

    it('ends a container on request', async () => {
      await containerizer.recover(onExit);
      const spec = await subject.spec('runs');
      await containerizer.launch(spec);
      containerizer.kill(spec.containerId, 10_000);
      await subject.until(() => exitOf(spec) !== undefined);
      expect(exitOf(spec)).toEqual({ kind: 'signaled', signal: 15 });
    });

    it('uses force when the grace is over', async () => {
      await containerizer.recover(onExit);
      const spec = await subject.spec('ignores-sigterm');
      await containerizer.launch(spec);
      await subject.ready(spec);
      containerizer.kill(spec.containerId, 200);
      await subject.until(() => exitOf(spec) !== undefined);
      expect(exitOf(spec)).toEqual({ kind: 'signaled', signal: 9 });
    });

    it('lets a second kill shorten the grace, and not lengthen it', async () => {
      await containerizer.recover(onExit);
      const spec = await subject.spec('ignores-sigterm');
      await containerizer.launch(spec);
      await subject.ready(spec);
      containerizer.kill(spec.containerId, 3_600_000);
      containerizer.kill(spec.containerId, 100);
      containerizer.kill(spec.containerId, 3_600_000);
      await subject.until(() => exitOf(spec) !== undefined);
      expect(exitOf(spec)).toEqual({ kind: 'signaled', signal: 9 });
    });

    it('shrugs at kills and removals of what it does not know', async () => {
      await containerizer.recover(onExit);
      containerizer.kill('unknown', 0);
      await containerizer.remove('unknown');
      expect(exits.size).toBe(0);
    });

    it('finds what runs again after a restart, and tells its end', async () => {
      await containerizer.recover(onExit);
      const spec = await subject.spec('runs');
      const launched = await containerizer.launch(spec);
      await containerizer.close();
      containerizer = await subject.recreate();
      const pid = launched.ok ? launched.pid : undefined;
      expect(await containerizer.recover(onExit)).toEqual([{ containerId: spec.containerId, state: 'running', pid }]);
      containerizer.kill(spec.containerId, 5000);
      await subject.until(() => exitOf(spec) !== undefined);
      expect(exits.get(spec.containerId)).toHaveLength(1);
    });

    it('knows the exit status of what ended while nobody was there, until it is removed', async () => {
      await containerizer.recover(onExit);
      const spec = await subject.spec('exits-3');
      await containerizer.launch(spec);
      await containerizer.close();
      let found: unknown;
      for (let round = 0; found === undefined && round < 200; round += 1) {
        containerizer = await subject.recreate();
        const [container] = await containerizer.recover(onExit);
        if (container?.state === 'exited') found = container.exit;
        else await containerizer.close();
        if (found === undefined) await pause(subject);
      }
      expect(found).toEqual({ kind: 'exited', code: 3 });
      await containerizer.remove(spec.containerId);
      await containerizer.close();
      containerizer = await subject.recreate();
      expect(await containerizer.recover(onExit)).toEqual([]);
    });

    it('measures what runs', async () => {
      await containerizer.recover(onExit);
      const spec = await subject.spec('runs');
      await containerizer.launch(spec);
      // In the very first moment a process may not have any memory yet.
      let usage = (await containerizer.usage()).get(spec.containerId);
      for (let round = 0; (usage?.memoryRssBytes ?? 0) === 0 && round < 500; round += 1) {
        await pause(subject);
        usage = (await containerizer.usage()).get(spec.containerId);
      }
      expect(usage?.processes).toBeGreaterThan(0);
      expect(usage?.memoryRssBytes).toBeGreaterThan(0);
      containerizer.kill(spec.containerId, 0);
      await subject.until(() => exitOf(spec) !== undefined);
    });
  });
}

/** Lets a little time pass: until a condition that holds the second time it is asked. */
async function pause(subject: ConformanceSubject): Promise<void> {
  let asked = 0;
  await subject.until(() => {
    asked += 1;
    return asked > 1;
  });
}
