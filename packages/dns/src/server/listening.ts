/** A name server with its sockets: UDP and TCP on one port, TLS on another. */
import type { Socket } from 'node:dgram';
import { PlatformError, errorCode, type Timers } from '@stadion/base';
import { listenStream, type StreamListener, type TlsIdentity } from './listen-stream.ts';
import { listenUdp } from './listen-udp.ts';
import type { NameServer } from './name-server.ts';

/** Attempts to find a port that is free for both UDP and TCP. */
const ATTEMPTS = 20;

/** What listens. */
export interface Listening {
  /** The real port of UDP and TCP. */
  readonly port: number;
  readonly tlsPort: number | undefined;
  close(): Promise<void>;
}

/**
 * Listens.
 * @throws PlatformError `port-taken` or `port-forbidden`
 */
export async function openSockets(
  names: NameServer,
  timers: Timers,
  where: {
    readonly address: string;
    readonly port: number;
    readonly tls: (TlsIdentity & { readonly port: number }) | undefined;
  },
): Promise<Listening> {
  const { address, tls } = where;
  const { udp, tcp, port } = await openPair(names, timers, address, where.port);
  let secure: StreamListener | undefined;
  const close = async (): Promise<void> => {
    await Promise.all([new Promise<void>((resolve) => udp.close(() => resolve())), tcp.close(), secure?.close()]);
  };
  try {
    if (tls !== undefined) secure = await listenStream(names, timers, { address, port: tls.port, tls });
  } catch (error) {
    await close();
    throw explain(error, `${address}:${String(tls?.port)}`, '--dns-tls-port');
  }
  return { port, tlsPort: secure === undefined ? undefined : portOf(secure), close };
}

async function openPair(
  names: NameServer,
  timers: Timers,
  address: string,
  wanted: number,
): Promise<{ udp: Socket; tcp: StreamListener; port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const tcp = await listenStream(names, timers, { address, port: wanted });
      const port = portOf(tcp);
      try {
        return { udp: await listenUdp(names, address, port), tcp, port };
      } catch (error) {
        await tcp.close();
        throw error;
      }
    } catch (error) {
      if (wanted === 0 && attempt < ATTEMPTS && errorCode(error) === 'EADDRINUSE') continue;
      throw explain(error, `${address}:${String(wanted)}`, '--dns-port');
    }
  }
}

function portOf({ server }: StreamListener): number {
  const bound = server.address();
  return bound === null || typeof bound === 'string' ? 0 : bound.port;
}

function explain(error: unknown, where: string, flag: string): unknown {
  const code = errorCode(error);
  if (code === 'EADDRINUSE') {
    return new PlatformError(
      'port-taken',
      `${where} is already in use. Choose another port with ${flag} (0 picks a free one), or stop what listens there.`,
      { cause: error },
    );
  }
  if (code === 'EACCES') {
    return new PlatformError(
      'port-forbidden',
      `Not allowed to listen on ${where}. Choose a port of 1024 or above with ${flag}.`,
      { cause: error },
    );
  }
  return error;
}
