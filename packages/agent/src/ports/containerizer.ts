/** The port behind which processes live: plain ones, containers, or simulated ones. */
import type { ContainerExit, ContainerUsage, RecoveredContainer } from '../core/container.ts';

/** What to start. */
export interface ContainerSpec {
  /** A UUID of the agent's choice; the container's name everywhere. */
  readonly containerId: string;
  /** `shell`: `/bin/sh -c` of the text; `program`: a file with its arguments, not through a shell. */
  readonly command:
    | { readonly kind: 'shell'; readonly text: string }
    | { readonly kind: 'program'; readonly file: string; readonly arguments: readonly string[] };
  /** The task's whole environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** The sandbox: working directory, and where `stdout` and `stderr` are appended to. */
  readonly directory: string;
  /** The system user to run as; absent: the agent's own. */
  readonly user?: string;
}

/** Whether a container was started. `message` is a sentence for the task's status. */
export type LaunchOutcome =
  { readonly ok: true; readonly pid: number | undefined } | { readonly ok: false; readonly message: string };

/** What a containerizer can do on this machine. */
export interface ContainerizerFingerprint {
  /** The names it goes by in AgentInfo, e.g. `["posix"]`; empty when it does not work here. */
  readonly containerizers: readonly string[];
  /** Why it does not work, and what to do. */
  readonly problem?: string;
}

/**
 * Starts, finds again, ends and measures containers. They belong to the machine, not to the agent process: they run
 * on while it is away. The conformance suite (`adapters/containerizer-conformance.ts`) is the full description.
 */
export interface Containerizer {
  readonly name: string;
  fingerprint(): Promise<ContainerizerFingerprint>;
  /**
   * Takes possession and reports what is there from before, also what ended meanwhile. Called once, before any launch.
   * From then on `onExit` is called once per container that ends, when none of its processes is left.
   */
  recover(onExit: (containerId: string, exit: ContainerExit) => void): Promise<readonly RecoveredContainer[]>;
  /** Starts a container. When it resolves with `ok: false`, nothing of it is left. */
  launch(spec: ContainerSpec): Promise<LaunchOutcome>;
  /** SIGTERM to all its processes, SIGKILL `graceMs` later. Called again, it may only shorten the wait. */
  kill(containerId: string, graceMs: number): void;
  /** What each running container uses. May be a moment old. */
  usage(): Promise<ReadonlyMap<string, ContainerUsage>>;
  /** Forgets an ended container. Unknown ones are fine. */
  remove(containerId: string): Promise<void>;
  /** Lets go without ending anything. */
  close(): Promise<void>;
}
