/** An answer on the bare connection of an upgrade that did not come about. */
import type { Duplex } from 'node:stream';
import type { Reply } from './reply.ts';

/** Writes HTTP/1.1 by hand, and closes. */
export class UpgradeReply implements Reply {
  private readonly socket: Duplex;
  private hasStarted = false;

  constructor(socket: Duplex) {
    this.socket = socket;
  }

  get isStarted(): boolean {
    return this.hasStarted;
  }

  get isClosed(): boolean {
    return this.socket.destroyed || this.socket.writableEnded;
  }

  start(status: number, headers: readonly string[]): void {
    this.hasStarted = true;
    let head = `HTTP/1.1 ${String(status)} Refused\r\nConnection: close\r\n`;
    for (let index = 0; index + 1 < headers.length; index += 2) {
      head += `${headers[index] ?? ''}: ${headers[index + 1] ?? ''}\r\n`;
    }
    this.socket.write(`${head}\r\n`);
  }

  write(chunk: Buffer): boolean {
    return this.socket.write(chunk);
  }

  end(chunk?: Buffer | string): void {
    // Nobody reads from it: the end of the client would not be noticed.
    this.socket.end(chunk, () => this.socket.destroy());
  }

  onDrain(callback: () => void): void {
    this.socket.once('drain', callback);
  }

  onClose(callback: () => void): void {
    this.socket.once('close', callback);
  }

  abort(): void {
    this.socket.destroy();
  }
}
