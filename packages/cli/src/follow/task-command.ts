/** A command inside a task, from this end: frames to the platform, and back. */
import type { Duplex } from 'node:stream';
import { roomIn } from '@stadion/base/stream-room';
import {
  CHANNEL,
  encodeAttachQuery,
  encodeFrame,
  encodeSessionQuery,
  FrameReader,
  SESSION_PROTOCOL,
  type AttachRequest,
  type SessionRequest,
} from '@stadion/contract/task-session';
import type { Session } from '../platform/session.ts';

/** A command that was started. */
export class TaskCommand {
  /** Resolves with the exit status; undefined when nobody knows it, e.g. because the connection broke off. */
  readonly exit: Promise<number | undefined>;
  private readonly socket: Duplex;

  private constructor(socket: Duplex, onOutput: (target: 'stdout' | 'stderr', bytes: Uint8Array) => void) {
    this.socket = socket;
    let status: number | undefined;
    const reader = new FrameReader((channel, payload) => {
      if (channel === CHANNEL.stdout) onOutput('stdout', payload);
      if (channel === CHANNEL.stderr) onOutput('stderr', payload);
      if (channel === CHANNEL.exit) status = codeIn(payload);
    });
    socket.on('data', (chunk: Buffer) => {
      if (!reader.push(chunk)) socket.destroy();
    });
    this.exit = new Promise((resolve) => {
      socket.on('error', () => undefined);
      socket.once('end', () => socket.destroy());
      socket.once('close', () => resolve(status));
    });
  }

  /** @throws PlatformError `session-refused` with the platform's words */
  static async start(
    session: Session,
    taskId: string,
    request: SessionRequest,
    onOutput: (target: 'stdout' | 'stderr', bytes: Uint8Array) => void,
  ): Promise<TaskCommand> {
    const what = `exec?${encodeSessionQuery(request)}`;
    return new TaskCommand(await session.openTaskStream(taskId, what, SESSION_PROTOCOL), onOutput);
  }

  /** The task's own command instead of another one: what it writes from now on. @throws PlatformError as above */
  static async attach(
    session: Session,
    taskId: string,
    request: AttachRequest,
    onOutput: (target: 'stdout' | 'stderr', bytes: Uint8Array) => void,
  ): Promise<TaskCommand> {
    const what = `attach?${encodeAttachQuery(request)}`;
    return new TaskCommand(await session.openTaskStream(taskId, what, SESSION_PROTOCOL), onOutput);
  }

  /** Sends input; resolves when there is room for more. */
  async write(bytes: Uint8Array): Promise<void> {
    const { socket } = this;
    if (socket.destroyed || socket.write(encodeFrame(CHANNEL.stdin, bytes))) return;
    await roomIn(socket);
  }

  /** No more input comes. */
  endInput(): void {
    if (!this.socket.destroyed) this.socket.write(encodeFrame(CHANNEL.stdin, new Uint8Array(0)));
  }

  resize(size: { readonly rows: number; readonly columns: number }): void {
    if (!this.socket.destroyed) this.socket.write(encodeFrame(CHANNEL.resize, Buffer.from(JSON.stringify(size))));
  }

  /** Goes away without waiting for the end. */
  leave(): void {
    this.socket.destroy();
  }

  /** Sends everything that a stream gives, then its end. */
  async send(input: AsyncIterable<unknown>): Promise<void> {
    for await (const chunk of input) {
      if (this.socket.destroyed) return;
      if (chunk instanceof Uint8Array && chunk.length > 0) await this.write(chunk);
    }
    this.endInput();
  }
}

function codeIn(payload: Uint8Array): number | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(payload).toString('utf8'));
    if (typeof value === 'object' && value !== null && 'code' in value && typeof value.code === 'number') {
      return value.code;
    }
  } catch {
    // A platform of another version.
  }
  return undefined;
}
