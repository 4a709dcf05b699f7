/** The port behind which processes live: plain ones, containers, or simulated ones. */
import type { Readable, Writable } from 'node:stream';
import type { HeldImage } from '@stadion/contract/images';
import type { ContainerInfo } from '@stadion/contract/mesos';
import type { Command } from '../core/admission.ts';
import type { ContainerExit, ContainerLimits, ContainerUsage, RecoveredContainer } from '../core/container.ts';

/** A directory or file of the machine that is to appear in a container. */
export interface ContainerMount {
  /** Absolute path on the machine. */
  readonly source: string;
  /** Where it appears: relative to the sandbox, or absolute in a container with a root file system of its own. */
  readonly containerPath: string;
  readonly readOnly: boolean;
  /** How much may be in it; absent: as much as there is room. */
  readonly limitBytes?: number;
}

/**
 * The pod that a container belongs to. Containers with the same `podId` share the network, and IPC where containers have
 * their own. The first that is launched makes what they share; it ends when the last of them has been removed.
 */
export interface PodMembership {
  /** The container id of the executor, which has no process of its own. */
  readonly podId: string;
  /** The sandbox of the executor; the sandboxes of its containers are below it. */
  readonly directory: string;
  /** Networks of the pod and how its containers share namespaces, when it says. */
  readonly info?: ContainerInfo;
}

/** What to start. */
export interface ContainerSpec {
  /** A UUID of the agent's choice; the container's name everywhere. */
  readonly containerId: string;
  readonly command: Command;
  /** The task's whole environment; that of an image comes below it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Variables whose values are secrets, by the names of those; they are looked up at the start and written down nowhere. */
  readonly secretEnvironment?: Readonly<Record<string, string>>;
  /** The sandbox: working directory, and where `stdout` and `stderr` are appended to. */
  readonly directory: string;
  /** The user to run as; absent: the image's, or the agent's own. */
  readonly user?: string;
  /** Image, volumes and networks. Absent: a plain command of this machine. */
  readonly container?: ContainerInfo;
  /** What the task was granted. Absent: nothing is limited. */
  readonly limits?: ContainerLimits;
  /** Volumes, the agent's own directories already resolved. Where there are no mounts, links stand in for them. */
  readonly mounts?: readonly ContainerMount[];
  readonly pod?: PodMembership;
}

/** Whether a container was started. `addresses` are its own, where it has a network of its own. */
export type LaunchOutcome =
  { readonly ok: true; readonly pid: number | undefined; readonly addresses?: readonly string[] } | LaunchFailure;

/** A sentence for the task's status, which begins with the failure's name where it has one: `image-not-found: …`. */
export interface LaunchFailure {
  readonly ok: false;
  readonly message: string;
}

/** What is to be made ready for. */
export interface PrepareSpec {
  readonly container?: ContainerInfo;
  /** The sandbox, which may hold credentials; absent: it is for no task yet. */
  readonly directory?: string;
  /** Credentials for registries that the task itself names, as a `config.json` of Docker. */
  readonly registryConfig?: string;
}

/** How the preparation of a container is followed and cut short. */
export interface PrepareContext {
  readonly signal: AbortSignal;
  /** A sentence about how far it is, for people. May be called often. */
  readonly onProgress: (message: string) => void;
}

/** A command to run inside a running container. */
export interface ExecRequest {
  /** The program with its arguments, not through a shell. */
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Absent: the user of the container. */
  readonly user?: string;
  /** Working directory inside; absent: the container's own. */
  readonly directory?: string;
  /** Run it in a terminal of this size; stdout and stderr are then one stream. */
  readonly terminal?: TerminalSize;
}

/** A session as it is asked for: what is not said is as in the container. */
export type SessionRequest = Pick<ExecRequest, 'argv' | 'terminal'> &
  Partial<Pick<ExecRequest, 'environment' | 'user'>>;

/** A size in characters. */
export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

/** A command that runs inside a container. Whoever started it reads both streams to their ends. */
export interface ExecSession {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves when the command has ended. */
  readonly exit: Promise<ContainerExit>;
  /** Without a terminal it does nothing. */
  resize(size: TerminalSize): void;
  /** Ends the command with its processes, now. */
  kill(): void;
}

/** A session, or a sentence why there is none. */
export type ExecOutcome =
  { readonly ok: true; readonly session: ExecSession } | { readonly ok: false; readonly message: string };

/** A way to the input of a container's own command. */
export interface AttachedInput {
  /** Its end lets go of the command, whose input goes on. */
  readonly stdin: Writable;
  /** Of its terminal. */
  resize(size: TerminalSize): void;
}

/** Such a way, or a sentence why there is none. */
export type AttachOutcome =
  { readonly ok: true; readonly input: AttachedInput } | { readonly ok: false; readonly message: string };

/** What a containerizer can do on this machine. */
export interface ContainerizerFingerprint {
  /** The names it goes by in AgentInfo, e.g. `["posix"]`; empty when it does not work here. */
  readonly containerizers: readonly string[];
  /** Why it does not work, and what to do. */
  readonly problem?: string;
  /** Of several in one: why some of them do not work, by name. */
  readonly problems?: Readonly<Record<string, string>>;
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
  /**
   * Brings what the launch needs and may take long, such as an image; undefined when it is there. A containerizer that
   * needs nothing has no such method.
   */
  prepare?(spec: PrepareSpec, context: PrepareContext): Promise<LaunchFailure | undefined>;
  /** The images that are there, so many at most as {@link IMAGES_SHOWN_MAX} says. One that keeps none has no such method. */
  images?(): Promise<readonly HeldImage[]>;
  /**
   * Removes images that no container runs on, but those of some names. One that keeps none, or leaves that to others, has no such
   * method.
   * @throws PlatformError `agent-images-busy` where images are on their way
   */
  pruneImages?(excluded: readonly string[]): Promise<void>;
  /** Starts a container. When it resolves with `ok: false`, nothing of it is left. */
  launch(spec: ContainerSpec): Promise<LaunchOutcome>;
  /**
   * SIGTERM (or the signal that its image names) to all its processes, SIGKILL `graceMs` later. Called again, it may
   * only shorten the wait.
   */
  kill(containerId: string, graceMs: number): void;
  /** Changes what a running container may use. One that limits nothing has no such method. */
  update?(containerId: string, limits: ContainerLimits): Promise<void>;
  /** What each running container uses. May be a moment old. */
  usage(): Promise<ReadonlyMap<string, ContainerUsage>>;
  /** Directories besides its sandbox that a running container writes to, and that go with it. */
  writtenDirectories?(containerId: string): readonly string[];
  /** Runs a command inside a running container. One that cannot do this has no such method. */
  exec?(containerId: string, request: ExecRequest): Promise<ExecOutcome>;
  /**
   * A way to the input of a running container's own command, which takes some where it has a terminal, by whichever agent it
   * was started. One that cannot give any has no such method.
   */
  attach?(containerId: string): Promise<AttachOutcome>;
  /** Forgets an ended container. Unknown ones are fine. */
  remove(containerId: string): Promise<void>;
  /** Lets go without ending anything. */
  close(): Promise<void>;
}
