/** One process of HAProxy, from its start to its end. A reload begins a new one beside it and lets this one finish. */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { PlatformError, type Timers } from '@stadion/base';
import type { Running } from '../core/haproxy/running.ts';
import { ask, command } from './runtime-socket.ts';

/** What a process is started with. */
export interface GenerationStart {
  readonly program: string;
  readonly configuration: string;
  readonly socket: string;
  /** The socket of the one before, which hands its listeners over. */
  readonly before: string | undefined;
  /** Open sockets that its configuration names by their numbers. */
  readonly descriptors: readonly number[];
  /** Its frontends, by their names. */
  readonly frontends: readonly string[];
  /** What it has, by its configuration. */
  readonly running: Running;
  readonly timers: Timers;
  readonly onLine: (line: string) => void;
  /** Told when a command is not carried out. */
  readonly onRefused: (said: string) => void;
}

const LOOK_MS = 20;
/** A process that has not heard in this time that it is to finish hangs. */
const HEARD_MS = 5_000;
const REMOVALS_AT_ONCE = 200;
/** What is said when all is well. */
const EXPECTED = /^New server registered\.?$|^Already exists/;
const KEPT_OUTPUT = 4_000;
/** What a process says of each frontend and backend that it has given up. */
const STOPPED = /: Proxy (\S+) stopped/;

/** The process. It is launched once; changes may be told before. */
export class Generation {
  readonly socket: string;
  readonly running: Running;
  readonly exited: Promise<void>;
  hasExited = false;
  private readonly start: GenerationStart;
  private child: ChildProcess | undefined;
  private setExited: () => void = () => undefined;
  private output = '';
  private isUp = false;
  /** Frontends that still accept. */
  private readonly accepting: Set<string>;
  private onDeaf: () => void = () => undefined;
  private readonly waiting: string[] = [];
  private flushing: Promise<void> = Promise.resolve();

  constructor(start: GenerationStart) {
    this.start = start;
    this.socket = start.socket;
    this.running = start.running;
    this.accepting = new Set(start.frontends);
    this.exited = new Promise((resolve) => {
      this.setExited = resolve;
    });
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  /**
   * Starts it; resolves once it answers on its socket and has followed all changes since its configuration was written.
   * @throws PlatformError `edge-listen-…` when a port is taken, `edge-haproxy-failed` for anything else
   */
  async launch(): Promise<void> {
    this.spawn();
    while (!this.hasExited) {
      const isUp = await ask(this.socket, 'show info').then(
        (text) => text.includes('Pid:'),
        () => false,
      );
      if (isUp) {
        this.isUp = true;
        await this.flush();
        return;
      }
      await new Promise<void>((resolve) => {
        this.start.timers.after(LOOK_MS, resolve);
      });
    }
    throw failure(this.output);
  }

  private spawn(): void {
    const { program, configuration, before, onLine, descriptors } = this.start;
    const takeOver = before === undefined ? [] : ['-x', before];
    // A process group of its own: a signal of the terminal is for the edge, which ends it in order.
    const child = spawn(program, ['-db', '-f', configuration, ...takeOver], {
      stdio: withDescriptors(['ignore', 'pipe', 'pipe'], descriptors),
      detached: true,
    });
    this.child = child;
    const ended = (message: string): void => {
      this.output += message;
      this.hasExited = true;
      this.setExited();
    };
    child.once('error', (error) => ended(error.message));
    child.once('exit', () => ended(''));
    eachLine(child.stderr, (line) => {
      this.output = `${this.output}${line}\n`.slice(-KEPT_OUTPUT);
      this.noteStopped(line);
    });
    eachLine(child.stdout, onLine);
  }

  private noteStopped(line: string): void {
    const name = STOPPED.exec(line)?.[1];
    if (name !== undefined && this.accepting.delete(name) && this.accepting.size === 0) this.onDeaf();
  }

  /** Carries out commands in order; before it is up they wait, and nobody waits for them. */
  async tell(commands: readonly string[]): Promise<void> {
    this.waiting.push(...commands);
    if (this.isUp) await this.flush();
  }

  private flush(): Promise<void> {
    this.flushing = this.flushing.then(async () => {
      const commands = this.waiting.splice(0);
      if (commands.length === 0 || this.hasExited) return;
      const said = await command(this.socket, commands).catch((error: unknown) => [String(error)]);
      const refused = said.filter((line) => !EXPECTED.test(line));
      if (refused.length > 0) this.start.onRefused(refused.slice(0, 3).join(' '));
    });
    return this.flushing;
  }

  /** Takes out the servers that have nothing left to do. */
  async removeLeft(): Promise<void> {
    for (const server of this.running.removals().slice(0, REMOVALS_AT_ONCE)) {
      if (!this.running.deletes(server)) continue;
      const said = await ask(this.socket, `del server ${server}`);
      this.running.deleted(server, /deleted|No such server/.test(said));
    }
  }

  /**
   * Lets it take nothing new and finish what it has. Resolves when it accepts no more: until then it shares its ports with the
   * one after it, and whoever came to it would find what was before.
   */
  async finish(): Promise<void> {
    this.child?.kill('SIGUSR1');
    if (this.hasExited || this.accepting.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = this.start.timers.after(HEARD_MS, resolve);
      this.onDeaf = () => {
        timer.cancel();
        resolve();
      };
      void this.exited.then(this.onDeaf);
    });
  }

  /** Ends it after what is under way, at most after a while. */
  async end(limitMs: number): Promise<void> {
    void this.finish();
    const timer = this.start.timers.after(limitMs, () => this.child?.kill('SIGKILL'));
    await this.exited;
    timer.cancel();
  }
}

function eachLine(stream: Readable | null, onLine: (line: string) => void): void {
  let rest = '';
  stream?.on('data', (chunk: Buffer) => {
    const lines = `${rest}${chunk.toString('utf8')}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
}

/**
 * Checks a configuration without running it.
 * @param descriptors the sockets that it speaks of
 * @returns what is wrong with it
 */
export function check(
  program: string,
  configuration: string,
  descriptors: readonly number[],
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const stdio = withDescriptors(['ignore', 'ignore', 'pipe'], descriptors);
    const child = spawn(program, ['-c', '-f', configuration], { stdio });
    let output = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      output = `${output}${chunk.toString('utf8')}`.slice(-KEPT_OUTPUT);
    });
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code) => resolve(code === 0 ? undefined : worstOf(output)));
  });
}

/** Open descriptors of this process, under the same numbers in the one that is started. */
function withDescriptors(
  first: readonly ('ignore' | 'pipe')[],
  descriptors: readonly number[],
): ('ignore' | 'pipe' | number)[] {
  const last = Math.max(first.length - 1, ...descriptors);
  return Array.from({ length: last + 1 }, (_, at) => first[at] ?? (descriptors.includes(at) ? at : 'ignore'));
}

function failure(output: string): PlatformError {
  const code = /address already in use|Address already in use|cannot bind socket/.test(output)
    ? 'edge-listen-EADDRINUSE'
    : output.includes('Permission denied')
      ? 'edge-listen-EACCES'
      : 'edge-haproxy-failed';
  return new PlatformError(code, `HAProxy does not start: ${worstOf(output)}`);
}

/** The lines that say what is wrong, without the notices. */
function worstOf(output: string): string {
  const lines = output.split('\n').filter((line) => line.includes('[ALERT]'));
  return (lines.length > 0 ? lines.slice(0, 3).join(' ') : output.trim().slice(-300)).trim();
}
