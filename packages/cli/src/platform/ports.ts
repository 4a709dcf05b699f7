/** Everything the command line needs from the world. `main.ts` binds it to this process, tests to stand-ins. */
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
  /** When a process started, in clock ticks since boot; undefined when there is none; empty where this is unknown. */
  processStartTime(pid: number): string | undefined;
  /** Rejects with the system's error (`EPERM`, `ESRCH`). */
  signal(pid: number, signal: 'SIGTERM' | 'SIGUSR2'): void;
}

/** What to start a platform as. */
export interface PlatformStart {
  readonly role: PlatformRole;
  /** For an agent that joins: where the cluster is, and its secret. */
  readonly joinToken?: string;
}

/** The ports. */
export interface CliPorts {
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
  readonly version: string;
}
