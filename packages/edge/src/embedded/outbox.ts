/** What is to be written to a connection, put together so that it leaves in one piece: each write is a call of the system. */
import type { Socket } from 'node:net';

/** More than this is written as it is instead of being copied together. */
const COPY_MAX = 64 * 1024;
/** Up to this Node hands texts to the system from its stack, which costs less than to make a buffer of them. */
const TEXT_MAX = 4 * 1024;

/** The pieces that wait. */
export class Outbox {
  private readonly socket: Socket;
  private pieces: (string | Buffer)[] = [];
  private size = 0;

  constructor(socket: Socket) {
    this.socket = socket;
  }

  /** Takes a piece; text is latin1, as HTTP/1 has it. */
  add(piece: string | Buffer): void {
    this.pieces.push(piece);
    this.size += piece.length;
  }

  /** How many bytes wait. */
  get waiting(): number {
    return this.size;
  }

  /** Whether the connection takes nothing more before it has got rid of what it has. */
  get isFull(): boolean {
    return this.socket.writableNeedDrain;
  }

  /** Writes what waits. @returns whether more may be written at once */
  flush(): boolean {
    const { pieces, size, socket } = this;
    if (pieces.length === 0) return !this.isFull;
    this.pieces = [];
    this.size = 0;
    if (socket.destroyed || socket.writableEnded) return true;
    const [only] = pieces;
    if (pieces.length === 1 && only !== undefined) {
      return typeof only === 'string' ? socket.write(only, 'latin1') : socket.write(only);
    }
    if (size <= TEXT_MAX) {
      let text = '';
      for (const piece of pieces) text += typeof piece === 'string' ? piece : piece.toString('latin1');
      return socket.write(text, 'latin1');
    }
    if (size <= COPY_MAX) {
      const whole = Buffer.allocUnsafe(size);
      let at = 0;
      for (const piece of pieces) {
        if (typeof piece === 'string') whole.write(piece, at, 'latin1');
        else piece.copy(whole, at);
        at += piece.length;
      }
      return socket.write(whole);
    }
    socket.cork();
    let mayGoOn = true;
    for (const piece of pieces) {
      mayGoOn = typeof piece === 'string' ? socket.write(piece, 'latin1') : socket.write(piece);
    }
    socket.uncork();
    return mayGoOn;
  }
}
