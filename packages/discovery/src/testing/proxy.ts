/** A way to a server that a test can break: in the middle of an answer, or into silence. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What stands between. */
export class BreakableWay {
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private bytesLeft = Infinity;
  private isMute = false;

  private constructor(server: Server) {
    this.server = server;
  }

  /** Opens a way to `target` (`host:port`). */
  static async open(target: string): Promise<BreakableWay> {
    const [host = '', port = ''] = target.split(':');
    const server = createServer((client) => way.join(client, connect(Number(port), host)));
    const way = new BreakableWay(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return way;
  }

  get address(): string {
    return `127.0.0.1:${String((this.server.address() as AddressInfo).port)}`;
  }

  /** Lets so many more bytes of answers through, then breaks every connection; whoever connects again gets through. */
  breakAfter(bytes: number): void {
    this.bytesLeft = bytes;
  }

  /** From now on everything is taken and nothing answered, until it is false again: then what was open breaks. */
  mute(isMute: boolean): void {
    this.isMute = isMute;
    if (!isMute) this.breakAll();
  }

  close(): Promise<void> {
    this.breakAll();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private breakAll(): void {
    this.bytesLeft = Infinity;
    for (const socket of this.sockets) socket.destroy();
  }

  private join(client: Socket, server: Socket): void {
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.sockets.delete(socket);
        // What was passed on is to arrive.
        other.end();
      });
    }
    client.on('data', (chunk: Buffer) => {
      if (!this.isMute) server.write(chunk);
    });
    server.on('data', (chunk: Buffer) => {
      if (this.isMute) return;
      const part = chunk.subarray(0, Math.min(chunk.length, this.bytesLeft));
      this.bytesLeft -= part.length;
      if (this.bytesLeft > 0) client.write(part);
      else client.end(part, () => this.breakAll());
    });
  }
}
