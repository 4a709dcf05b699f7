/** A wire between a browser and a platform that can really be cut. */
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';

/** Passes bytes on, both ways, until it is cut; afterwards nobody is let in until it is mended. */
export class Wire {
  readonly url: string;
  private readonly server: Server;
  private readonly sockets: Set<Socket>;
  private isCut = false;

  private constructor(server: Server, sockets: Set<Socket>) {
    this.server = server;
    this.sockets = sockets;
    this.url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  }

  /** @param target URL of whom it leads to */
  static async to(target: string): Promise<Wire> {
    const { hostname, port } = new URL(target);
    const sockets = new Set<Socket>();
    const state: { wire?: Wire } = {};
    const server = createServer((near) => {
      if (state.wire?.isCut === true) {
        near.destroy();
        return;
      }
      const far = connect(Number(port), hostname);
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.add(one);
        // A broken socket is closed, and with it its other half.
        one.on('error', () => undefined);
        one.once('close', () => {
          sockets.delete(one);
          other.destroy();
        });
      }
      near.pipe(far).pipe(near);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    state.wire = new Wire(server, sockets);
    return state.wire;
  }

  /** Breaks every connection; new ones are refused. */
  cut(): void {
    this.isCut = true;
    for (const socket of this.sockets) socket.destroy();
  }

  mend(): void {
    this.isCut = false;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
