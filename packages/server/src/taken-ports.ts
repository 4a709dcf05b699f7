/** Ports that nobody has asked for give way when they are taken: the platform starts all the same, and says so. */
import { createServer } from 'node:net';
import { chooseFreePorts } from './free-ports.ts';

/** A port that is wanted. */
export interface WantedPort {
  /** What it is for, as people say. */
  readonly name: string;
  readonly flag: string;
  readonly host: string;
  /** What the settings say; 0 picks a free one. */
  readonly asked: number | undefined;
  /** The usual one, where they say nothing. */
  readonly usual: number;
}

/**
 * The port to use. One that was asked for is taken at its word: listening will say when it cannot be had.
 * @param remark told when the usual one is taken and another one is used
 */
export async function takePort(wanted: WantedPort, remark: (text: string) => void): Promise<number> {
  const { asked, usual, host } = wanted;
  const port = asked ?? ((await isFree(usual, host)) ? usual : 0);
  const [chosen = port] = await chooseFreePorts(host, [port]);
  if (asked === undefined && chosen !== usual) {
    remark(
      `Port ${String(usual)} is taken, so the edge uses ${String(chosen)} for ${wanted.name}. ` +
        `Choose one with ${wanted.flag}, or stop what listens there.`,
    );
  }
  return chosen;
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
