/** What the agent's decisions know about a container: how it ended, what it uses. */

/**
 * How the main process of a container ended. `limited`: it was ended for using more than it was granted; `unknown`:
 * nobody saw it; `not-started`: its command never began to run, because the agent ended before that, or because the
 * runtime could not. `message` says more.
 */
export type ContainerExit =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signaled'; readonly signal: number }
  | { readonly kind: 'limited'; readonly resource: 'memory' | 'disk'; readonly message: string }
  | { readonly kind: 'not-started'; readonly cause: 'agent' | 'runtime'; readonly message: string }
  | { readonly kind: 'unknown'; readonly message: string };

/** The agent was killed between the intent to start a container and its start. */
export const NEVER_STARTED: ContainerExit = {
  kind: 'not-started',
  cause: 'agent',
  message: 'The agent ended before it had started the container; it never ran',
};

/** A container that outlived (or not) the agent that started it. */
export type RecoveredContainer =
  | {
      readonly containerId: string;
      readonly state: 'running';
      readonly pid: number | undefined;
      readonly addresses?: readonly string[];
    }
  | { readonly containerId: string; readonly state: 'exited'; readonly exit: ContainerExit };

/** Amounts that a containerizer enforces as far as it can. */
export interface ContainerLimits {
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly gpus: number;
  /** Its cpus are only lent to it: it gets what the others leave, however much, and no more than that. */
  readonly isRevocable?: true;
}

/** What the processes of one container use. Times and counts are totals since its start; absent is not measured. */
export interface ContainerUsage {
  readonly processes: number;
  readonly threads: number;
  readonly cpuUserSeconds: number;
  readonly cpuSystemSeconds: number;
  readonly memoryRssBytes: number;
  /** Of the cpu quota: periods in which it wanted to run, those in which it had to wait, and for how long. */
  readonly cpuThrottling?: {
    readonly periods: number;
    readonly throttledPeriods: number;
    readonly throttledSeconds: number;
  };
  readonly memory?: {
    /** All that is charged to it, caches included. */
    readonly totalBytes: number;
    readonly cacheBytes: number;
    /** What of the caches is files that it has mapped. */
    readonly mappedBytes?: number;
    readonly peakBytes?: number;
    /** The limit in force. */
    readonly limitBytes?: number;
  };
  /** Bytes that it wrote outside its sandbox, e.g. into its layer of the image. */
  readonly diskBytes?: number;
  /** Of its own network; absent on the network of the host. */
  readonly network?: {
    readonly receivedBytes: number;
    readonly receivedPackets: number;
    readonly receiveErrors: number;
    readonly receiveDropped: number;
    readonly sentBytes: number;
    readonly sentPackets: number;
    readonly sendErrors: number;
    readonly sendDropped: number;
  };
}

/** Signal names as strsignal(3) has them, which is what Mesos prints. */
const SIGNAL_NAMES: Readonly<Record<number, string>> = {
  1: 'Hangup',
  2: 'Interrupt',
  3: 'Quit',
  4: 'Illegal instruction',
  6: 'Aborted',
  7: 'Bus error',
  8: 'Floating point exception',
  9: 'Killed',
  10: 'User defined signal 1',
  11: 'Segmentation fault',
  12: 'User defined signal 2',
  13: 'Broken pipe',
  14: 'Alarm clock',
  15: 'Terminated',
};

/** The sentence of Mesos's command executor about an exit. */
export function describeExit(exit: ContainerExit): string {
  switch (exit.kind) {
    case 'exited':
      return `Command exited with status ${exit.code}`;
    case 'signaled':
      return `Command terminated with signal ${SIGNAL_NAMES[exit.signal] ?? String(exit.signal)}`;
    case 'limited':
    case 'not-started':
    case 'unknown':
      return exit.message;
  }
}

/**
 * Reads a shell's exit status: above 128 it stands for a signal, as POSIX shells have it (XCU 2.8.2).
 * A program that exits with 137 by itself cannot be told from one killed by SIGKILL.
 */
export function exitFromShellStatus(status: number): ContainerExit {
  return status > 128 && status <= 128 + 64
    ? { kind: 'signaled', signal: status - 128 }
    : { kind: 'exited', code: status };
}

/** As `wait(2)` gives it, which is what Mesos tells; undefined where nobody knows. */
export function waitStatus(exit: ContainerExit): number | undefined {
  if (exit.kind === 'exited') return exit.code << 8;
  return exit.kind === 'signaled' ? exit.signal : undefined;
}
