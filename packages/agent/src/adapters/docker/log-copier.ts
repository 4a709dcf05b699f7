/** Copies what a container writes into `stdout` and `stderr` of its sandbox, each byte once, across restarts of both ends. */
import { closeSync, constants, fstatSync, lstatSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { PlatformError, delay, describeError, type Clock, type Logger, type Timers } from '@stadion/base';
import type Docker from 'dockerode';
import { statusOf } from './failures.ts';
import { destroyStream, type EngineStream } from './engine-stream.ts';
import { createLogSplitter, type LogRecord } from './log-frames.ts';
import { isBefore, LogPositionFile, sinceOf, type LogPosition } from './log-position.ts';

/** What one container may write through the agent; a flood beyond it is Docker's to rotate away. */
const BYTES_PER_WINDOW_MAX = 1024 * 1024;
const WINDOW_MS = 100;
const RETRY_MS = 500;

/** What is copied, and where to. */
export interface LogCopy {
  readonly dockerId: string;
  readonly directory: string;
  readonly positionPath: string;
  readonly terminal: boolean;
}

/** One container's copy. It runs until the container's output ends or {@link stop}. */
export class LogCopier {
  /** Resolves when everything that the container wrote has been copied, or the copier was stopped. */
  readonly finished: Promise<void>;
  private readonly docker: Docker;
  private readonly time: Clock & Timers;
  private readonly log: Logger;
  private readonly copy: LogCopy;
  private readonly positions: LogPositionFile;
  private position: LogPosition;
  private stream: EngineStream | undefined;
  private containerEnded = false;
  private tellEnded: () => void = () => undefined;
  private readonly ended = new Promise<void>((resolve) => {
    this.tellEnded = resolve;
  });
  private stopped = false;
  private window = { begunAt: 0, bytes: 0 };

  constructor(docker: Docker, time: Clock & Timers, log: Logger, copy: LogCopy) {
    this.docker = docker;
    this.time = time;
    this.log = log;
    this.copy = copy;
    this.positions = new LogPositionFile(copy.positionPath);
    this.position = this.positions.read();
    this.finished = this.run().finally(() => this.positions.close());
  }

  /** The container has ended: the next end of the stream is the last. */
  onContainerEnded(): void {
    this.containerEnded = true;
    this.tellEnded();
  }

  stop(): void {
    this.stopped = true;
    this.tellEnded();
    destroyStream(this.stream);
  }

  private async run(): Promise<void> {
    let isFirst = true;
    while (!this.isOver()) {
      // Asked before the stream is opened: what is written until then is in it.
      const isLast = this.containerEnded;
      try {
        await this.follow(isFirst);
        isFirst = false;
        if (isLast) return;
      } catch (error) {
        if (statusOf(error) === 404) return;
        if (!this.isOver()) this.log.debug({ error: describeError(error) }, 'the output of a container broke off');
      }
      // The daemon went away, or the container has ended and that is about to be told.
      if (!this.containerEnded) await Promise.race([delay(this.time, RETRY_MS), this.ended]);
    }
  }

  private isOver(): boolean {
    return this.stopped;
  }

  /** @param isFirst whether an earlier agent may have copied more than it wrote down */
  private async follow(isFirst: boolean): Promise<void> {
    const resumed = this.position;
    const unrecorded = isFirst ? this.unrecordedBytes() : { stdout: 0, stderr: 0 };
    const options = {
      follow: true as const,
      stdout: true,
      stderr: true,
      timestamps: true,
      ...(resumed.time === '' ? {} : { since: sinceOf(resumed.time) }),
    };
    // The type says that `since` is a number, which has no room for nanoseconds.
    const stream = await this.docker.getContainer(this.copy.dockerId).logs(options as { follow: true });
    this.stream = stream;
    if (this.stopped) destroyStream(stream);
    const splitter = createLogSplitter(this.copy.terminal);
    let sameTime = { time: '', seen: 0 };
    for await (const chunk of stream) {
      if (!Buffer.isBuffer(chunk)) continue;
      const records: LogRecord[] = [];
      for (const each of splitter.push(chunk)) {
        sameTime = { time: each.time, seen: each.time === sameTime.time ? sameTime.seen + 1 : 0 };
        if (!isBefore(each.time, sameTime.seen, resumed)) records.push(each);
      }
      if (records.length > 0) await this.append(records, unrecorded);
      await this.slowDown(chunk.length);
      if (this.stopped) break;
    }
  }

  /** What was appended after the position was written: the beginning of what now comes again. */
  private unrecordedBytes(): { stdout: number; stderr: number } {
    const beyond = (name: 'stdout' | 'stderr'): number => {
      try {
        return Math.max(0, lstatSync(join(this.copy.directory, name)).size - this.position[name]);
      } catch {
        return 0;
      }
    };
    return { stdout: beyond('stdout'), stderr: beyond('stderr') };
  }

  private async append(records: readonly LogRecord[], unrecorded: { stdout: number; stderr: number }): Promise<void> {
    const pieces = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    let { time, count } = this.position;
    for (const each of records) {
      count = each.time === time ? count + 1 : 1;
      time = each.time;
      const skipped = Math.min(unrecorded[each.stream], each.data.length);
      unrecorded[each.stream] -= skipped;
      if (skipped < each.data.length) pieces[each.stream].push(each.data.subarray(skipped));
    }
    const sizes = { stdout: this.position.stdout, stderr: this.position.stderr };
    for (const name of ['stdout', 'stderr'] as const) {
      if (pieces[name].length > 0) sizes[name] = await this.write(name, Buffer.concat(pieces[name]));
    }
    this.position = { time, count, ...sizes };
    try {
      this.positions.write(this.position);
    } catch (error) {
      this.log.warn({ error: describeError(error) }, 'the position in the output of a container could not be kept');
    }
  }

  /** Appends to a file of the sandbox and gives its size. A full disk is waited for: Docker keeps the rest meanwhile. */
  private async write(name: string, data: Buffer): Promise<number> {
    const path = join(this.copy.directory, name);
    // The sandbox is the task's: the name may have become a link to anywhere.
    const flags =
      constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    let written = 0;
    let isKnown = false;
    for (;;) {
      // What was written without being written down comes again, and is recognized by the size of the file.
      if (this.stopped) {
        const message = 'The copying of output was stopped; what is missing is copied when the agent starts again.';
        throw new PlatformError('agent-log-copy-stopped', message, { retryable: true });
      }
      try {
        const file = openSync(path, flags, 0o644);
        try {
          while (written < data.length) written += writeSync(file, data, written);
          return fstatSync(file).size;
        } finally {
          closeSync(file);
        }
      } catch (error) {
        if (!isKnown) this.log.warn({ path, error: describeError(error) }, 'output of a container cannot be written');
        isKnown = true;
        await delay(this.time, RETRY_MS);
      }
    }
  }

  private async slowDown(bytes: number): Promise<void> {
    const now = this.time.monotonic();
    if (now - this.window.begunAt >= WINDOW_MS) this.window = { begunAt: now, bytes: 0 };
    this.window.bytes += bytes;
    if (this.window.bytes > BYTES_PER_WINDOW_MAX) await delay(this.time, this.window.begunAt + WINDOW_MS - now);
  }
}
