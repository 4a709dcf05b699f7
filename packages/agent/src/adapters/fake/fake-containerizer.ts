/** Containers that only pretend, in any kind of time: for the simulator, benchmarks and tests. */
import type { Clock, TimerHandle, Timers } from '@stadion/base';
import type { ContainerExit, ContainerUsage, RecoveredContainer } from '../../core/container.ts';
import type {
  Containerizer,
  ContainerizerFingerprint,
  ContainerSpec,
  LaunchOutcome,
} from '../../ports/containerizer.ts';

/** How one pretended container behaves. All times in milliseconds; without any it starts at once and runs for ever. */
export interface FakeBehaviour {
  readonly startDelayMs?: number;
  /** The launch fails with this sentence. */
  readonly launchFailure?: string;
  /** Ends by itself. */
  readonly exit?: { readonly afterMs: number; readonly exit: ContainerExit };
  /** What SIGTERM does: ends it after a while with this exit, or nothing (only SIGKILL helps). Default: ends at once. */
  readonly onTerminate?: { readonly afterMs: number; readonly exit: ContainerExit } | 'ignore';
}

/** Options of {@link createFakeContainerizer}. */
export interface FakeContainerizerOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  /** Decides per container; default: every one runs until killed. */
  readonly behave?: (spec: ContainerSpec) => FakeBehaviour;
  /** Names to go by; default `["posix"]`, so that tasks of plain processes are taken. */
  readonly containerizers?: readonly string[];
  /** Remember the specs of running containers for tests; off by default, to stay small. */
  readonly keepSpecs?: boolean;
}

interface FakeContainer {
  behaviour: FakeBehaviour;
  exit: ContainerExit | undefined;
  timer: TimerHandle | undefined;
  killAt: number;
  pid: number;
}

const ORDINARY: FakeBehaviour = {};

/**
 * Makes a pretended machine. It outlives agents: `close` and a later `recover` are a restart of the agent process,
 * during which containers go on and end as scripted. No timer exists for a container that just runs.
 */
export function createFakeContainerizer(options: FakeContainerizerOptions): FakeContainerizer {
  return new FakeContainerizer(options);
}

/** See {@link createFakeContainerizer}. */
export class FakeContainerizer implements Containerizer {
  readonly name = 'fake';
  readonly specs = new Map<string, ContainerSpec>();
  private readonly options: FakeContainerizerOptions;
  private readonly containers = new Map<string, FakeContainer>();
  private listener: ((containerId: string, exit: ContainerExit) => void) | undefined;
  private lastPid = 1000;

  constructor(options: FakeContainerizerOptions) {
    this.options = options;
  }

  /** How many containers run. */
  get runningCount(): number {
    let count = 0;
    for (const container of this.containers.values()) if (container.exit === undefined) count += 1;
    return count;
  }

  /** The ids of what runs. */
  *running(): Iterable<string> {
    for (const [containerId, container] of this.containers) if (container.exit === undefined) yield containerId;
  }

  async fingerprint(): Promise<ContainerizerFingerprint> {
    return { containerizers: this.options.containerizers ?? ['posix'] };
  }

  async recover(onExit: (containerId: string, exit: ContainerExit) => void): Promise<readonly RecoveredContainer[]> {
    this.listener = onExit;
    return [...this.containers].map(([containerId, container]) =>
      container.exit === undefined
        ? { containerId, state: 'running', pid: container.pid }
        : { containerId, state: 'exited', exit: container.exit },
    );
  }

  async launch(spec: ContainerSpec): Promise<LaunchOutcome> {
    const behaviour = this.options.behave?.(spec) ?? ORDINARY;
    if (behaviour.startDelayMs !== undefined) await this.wait(behaviour.startDelayMs);
    if (behaviour.launchFailure !== undefined) return { ok: false, message: behaviour.launchFailure };
    const { containerId } = spec;
    this.lastPid += 1;
    const container: FakeContainer = {
      behaviour,
      exit: undefined,
      timer: undefined,
      killAt: Infinity,
      pid: this.lastPid,
    };
    this.containers.set(containerId, container);
    if (this.options.keepSpecs === true) this.specs.set(containerId, spec);
    const { exit } = behaviour;
    if (exit !== undefined) this.endAfter(containerId, container, exit.afterMs, exit.exit);
    return { ok: true, pid: container.pid };
  }

  kill(containerId: string, graceMs: number): void {
    const container = this.containers.get(containerId);
    if (container?.exit !== undefined || container === undefined) return;
    const now = this.options.clock.monotonic();
    const killAt = now + graceMs;
    if (killAt >= container.killAt) return;
    const { onTerminate } = container.behaviour;
    const isFirst = container.killAt === Infinity;
    container.killAt = killAt;
    if (onTerminate !== 'ignore' && isFirst && (onTerminate?.afterMs ?? 0) <= graceMs) {
      const exit = onTerminate?.exit ?? { kind: 'signaled', signal: 15 };
      this.endAfter(containerId, container, onTerminate?.afterMs ?? 0, exit);
    } else if (onTerminate === 'ignore' || (onTerminate?.afterMs ?? 0) > graceMs) {
      this.endAfter(containerId, container, graceMs, { kind: 'signaled', signal: 9 });
    }
  }

  async usage(): Promise<ReadonlyMap<string, ContainerUsage>> {
    const usage: ContainerUsage = {
      processes: 1,
      threads: 1,
      cpuUserSeconds: 0,
      cpuSystemSeconds: 0,
      memoryRssBytes: 1024 * 1024,
    };
    return new Map([...this.running()].map((containerId) => [containerId, usage]));
  }

  async remove(containerId: string): Promise<void> {
    if (this.containers.get(containerId)?.exit === undefined) return;
    this.containers.delete(containerId);
    this.specs.delete(containerId);
  }

  async close(): Promise<void> {
    this.listener = undefined;
  }

  /** Ends a container now, as if by itself. Unknown or ended ones are left alone. */
  end(containerId: string, exit: ContainerExit): void {
    const container = this.containers.get(containerId);
    if (container?.exit !== undefined || container === undefined) return;
    container.timer?.cancel();
    container.timer = undefined;
    container.exit = exit;
    this.listener?.(containerId, exit);
  }

  /** The machine restarts: nothing runs any more. Call it while no agent is there. */
  reboot(): void {
    const message = 'The host was restarted while the task ran; its exit status is not known';
    for (const containerId of [...this.running()]) this.end(containerId, { kind: 'unknown', message });
  }

  private endAfter(containerId: string, container: FakeContainer, delayMs: number, exit: ContainerExit): void {
    container.timer?.cancel();
    container.timer = this.options.timers.after(delayMs, () => {
      this.end(containerId, exit);
    });
  }

  private wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.options.timers.after(delayMs, resolve);
    });
  }
}
