/** Runs a command line in this process against a fake platform, in virtual time. */
import { VirtualTime } from '@stadion/base/testing';
import type { CliPorts, Machine } from '../platform/ports.ts';
import { runCli } from '../program.ts';
import { interrupted } from '../report-error.ts';
import type { FakePlatform } from './fake-platform.ts';

/** How a run differs from the usual one. */
export interface RunOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** Files by path. */
  readonly files?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Whether standard output and error are a terminal of 80 columns. */
  readonly terminal?: boolean;
  /** Running processes: pid → start time. */
  readonly processes?: Map<number, string>;
  readonly machine?: Partial<Machine>;
  readonly startPlatform?: CliPorts['startPlatform'];
  readonly time?: VirtualTime;
}

/** A command under way, and what it has written. */
export interface Run {
  stdout: string;
  stderr: string;
  /** Set when it has ended. */
  code: number | undefined;
  readonly time: VirtualTime;
  /** Signals sent to processes, as `SIGTERM 123`. */
  readonly signals: string[];
  /** Presses Ctrl-C. */
  interrupt(): void;
  readonly ended: Promise<number>;
}

/** Starts a command; a test moves its time. */
export function start(platform: FakePlatform, words: readonly string[], options: RunOptions = {}): Run {
  const time = options.time ?? new VirtualTime();
  const controller = new AbortController();
  const signals: string[] = [];
  const output = (write: (text: string) => void) => ({ write, isTerminal: options.terminal ?? false, columns: 80 });
  const ports: CliPorts = {
    stdout: output((text) => {
      run.stdout += text;
    }),
    stderr: output((text) => {
      run.stderr += text;
    }),
    environment: options.environment ?? {},
    time: {
      now: () => time.now(),
      monotonic: () => time.monotonic(),
      after: (delayMs, callback) => time.after(delayMs, callback),
    },
    fetch: platform.fetch,
    machine: { ...fakeMachine(options, signals), ...options.machine },
    interruption: () => controller.signal,
    startPlatform: options.startPlatform,
    version: '0.1.0',
  };
  const run: Run = {
    stdout: '',
    stderr: '',
    code: undefined,
    time,
    signals,
    interrupt: () => controller.abort(interrupted()),
    ended: Promise.resolve().then(() => runCli(words, ports)),
  };
  void run.ended.then((code) => {
    run.code = code;
  });
  return run;
}

/** Runs a command to its end, moving time on whenever nothing else is left to do. */
export async function run(platform: FakePlatform, words: readonly string[], options: RunOptions = {}): Promise<Run> {
  const command = start(platform, words, options);
  await until(command, () => command.code !== undefined);
  return command;
}

/** Moves the time of a command on until something is so. Rejects when it does not come to be. */
export async function until(command: Run, condition: () => boolean): Promise<void> {
  for (let turn = 0; !condition(); turn += 1) {
    if (turn > TURNS_MAX) throw new Error(`It never came to be. stdout: ${command.stdout} stderr: ${command.stderr}`);
    // What needs no time goes first, over a few turns of the event loop.
    for (let settling = 0; settling < 4 && !condition(); settling += 1) await command.time.advance(0);
    if (!condition()) command.time.step();
  }
}

const TURNS_MAX = 5000;

function fakeMachine(options: RunOptions, signals: string[]): Machine {
  const processes = options.processes ?? new Map<number, string>();
  return {
    nodeVersion: 'v20.20.2',
    readFile: async (path) => {
      const text = options.files?.[path];
      if (text === undefined) {
        throw Object.assign(new Error(`ENOENT: no such file, open '${path}'`), { code: 'ENOENT' });
      }
      return text;
    },
    replaceFile: async () => undefined,
    readInput: async () => options.input ?? '',
    findWriteProblem: async () => undefined,
    diskSpace: async () => ({ freeBytes: 50 * 1024 ** 3, totalBytes: 100 * 1024 ** 3 }),
    findPortProblem: async () => undefined,
    certificateEnd: async () => undefined,
    processStartTime: (pid) => processes.get(pid),
    signal: (pid, signal) => {
      signals.push(`${signal} ${pid}`);
      processes.delete(pid);
    },
  };
}
