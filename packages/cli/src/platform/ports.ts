/** Everything the command line needs from the world. `main.ts` binds it to this process, tests to stand-ins. */
import type { Duplex, Readable, Writable } from 'node:stream';
import type { Clock, Timers } from '@stadion/base';
import type { BackupSummary, BackupTask, PlatformRole, ServerConfig } from '@stadion/contract';
import type { Fetch } from '@stadion/contract/client';

/** Where text goes. */
export interface Output {
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Width of the terminal in characters. */
  readonly columns: number;
}

/** The machine that the command runs on. */
export interface Machine {
  readonly nodeVersion: string;
  /** The text of a file of at most `bytesMax`. Rejects with the system's error. */
  readFile(path: string, bytesMax: number): Promise<string>;
  /** Replaces a file's content, making its folder; undefined: the file goes. Rejects with the system's error. */
  replaceFile(path: string, content: string | undefined): Promise<void>;
  /** All of standard input. */
  readInput(bytesMax: number): Promise<string>;
  /** Whether a file could be made in the folder, or in the nearest existing folder above it; else why not. */
  findWriteProblem(folder: string): Promise<string | undefined>;
  /** Free and total bytes of the file system of a folder, or of the nearest existing folder above it. */
  diskSpace(folder: string): Promise<{ readonly freeBytes: number; readonly totalBytes: number }>;
  /** Whether something listens, or why listening would fail; undefined when the port is free. */
  findPortProblem(address: string, port: number): Promise<string | undefined>;
  /** When the certificate ends that a port shows, milliseconds since the epoch; undefined when it speaks no TLS or does not answer. */
  certificateEnd(host: string, port: number): Promise<number | undefined>;
  /** When a process started, in clock ticks since boot; undefined when there is none; empty where this is unknown. */
  processStartTime(pid: number): string | undefined;
  /** Rejects with the system's error (`EPERM`, `ESRCH`). */
  signal(pid: number, signal: 'SIGTERM' | 'SIGUSR2'): void;
}

/** One node of a service as ZooKeeper has it. */
export interface DiscoveredNode {
  readonly host: string;
  readonly port: number;
  readonly routingWeight: number;
  readonly healthcheckStatus: string;
  readonly nodeData: { readonly environment: string; readonly region: string | null };
}

/** Services in ZooKeeper, looked at from outside. */
export interface DiscoveryPort {
  services(): Promise<readonly string[]>;
  nodes(service: string): Promise<readonly DiscoveredNode[]>;
  /** Calls back now and after each change; resolves when aborted. */
  watch(service: string, signal: AbortSignal, listener: (nodes: readonly DiscoveredNode[]) => void): Promise<void>;
  close(): Promise<void>;
}

/** What to start a platform as. */
export interface PlatformStart {
  readonly role: PlatformRole;
  /** For an agent that joins: where the cluster is, and its secret. */
  readonly joinToken?: string;
}

/** What a person types, or another program sends. */
export interface Input {
  readonly stream: Readable;
  readonly isTerminal: boolean;
  /** Every key at once, without echo and line editing; only where it is a terminal. */
  setRaw(raw: boolean): void;
}

/** Byte streams beyond single calls. */
export interface Streams {
  readonly input: Input;
  /** An HTTP upgrade. Rejects with the other side's words. */
  upgrade(url: string, protocol: string, headers: Readonly<Record<string, string>>): Promise<Duplex>;
  /** Listens on loopback and gives each connection. Resolves with the port, and what ends it. */
  listen(port: number, onConnection: (socket: Duplex) => void): Promise<{ readonly port: number; close(): void }>;
  /** Calls back with the size of the terminal, now and whenever it changes; gives what ends that. */
  watchSize(onSize: (size: { readonly rows: number; readonly columns: number }) => void): () => void;
  /** Runs tar(1) in a folder: its output, or what takes its input. */
  tar(words: readonly string[]): {
    readonly stdin: Writable;
    readonly stdout: Readable;
    readonly ended: Promise<number>;
  };
  /** Writes bytes as they are. */
  write(target: 'stdout' | 'stderr', bytes: Uint8Array): void;
}

/** The ports. */
export interface CliPorts {
  /** Absent where nothing but calls is needed. */
  readonly streams?: Streams;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly time: Clock & Timers;
  readonly fetch: Fetch;
  readonly machine: Machine;
  /** Aborted at the first Ctrl-C. Asking for it takes the signal over from the system. */
  readonly interruption: () => AbortSignal;
  /** Runs the platform in this process until it is told to end; resolves with the exit code. Absent in a bare client. */
  readonly startPlatform?: ((config: ServerConfig, start: PlatformStart) => Promise<number>) | undefined;
  /** Works on the state itself, without a platform. Absent in a bare client. */
  readonly backUp?: ((task: BackupTask) => Promise<BackupSummary>) | undefined;
  /** Opens ZooKeeper. Absent in a bare client. */
  readonly openDiscovery?:
    ((where: { connectString: string; namespace: string }) => Promise<DiscoveryPort>) | undefined;
  readonly version: string;
}
