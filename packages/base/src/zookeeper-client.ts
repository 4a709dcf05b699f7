/**
 * What the library `node-zookeeper-client` gets wrong about connections that break: it keeps half a packet and reads the
 * next connection's first bytes as its end; it waits for ever for a server that accepts and says nothing, and as long as
 * a session lasts for one that cannot be reached; and closed while it connects, it goes on, and takes the server's greeting
 * for the answer to its goodbye. It cuts IPv6 addresses at their first colon, and it knows no TLS. It is reached into by name here, and only here, so that this room need not depend on it.
 */
import { EventEmitter } from 'node:events';
import { Socket, isIP } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import type { TimerHandle, Timers } from './time.ts';

/** As much of a client as closing one takes. */
export interface ClosableClient {
  close(): void;
}

/** For how long a closed client may tell the server so, ms. */
const CLOSE_MS_MAX = 1000;
/** How long to wait when all host names are unknown, ms: that is no outage, but addresses that are wrong or not there yet. */
const UNKNOWN_NAME_MS = 5000;
/** A server that was reached so often without letting the client in is taken at its silent word. */
const REFUSALS_MAX = 5;
/** The library's numbers for states of a connection. */
const CLOSING = -1;
const DISCONNECTED = 0;
const CONNECTING = 1;
const CONNECTED_STATES: readonly unknown[] = [2, 3];

/** Lets a client forget half a packet when its connection breaks. To be called before it connects. */
export function mendReconnects(client: object): void {
  const manager = managerOf(client);
  // The client itself keeps quiet about attempts to connect that failed.
  if (!(manager instanceof EventEmitter)) return;
  manager.on('state', (state: unknown) => {
    if (state === DISCONNECTED) Reflect.set(manager, 'pendingBuffer', null);
  });
}

const SERVER = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/;
const PORT_DEFAULT = 2181;

/**
 * Has a client find servers at IPv6 addresses, `[fd00::1]:2181`. To be called before it connects.
 * @param servers `host:port` or `host` of each, as the client was made with them
 */
export function mendAddresses(client: object, servers: readonly string[]): void {
  if (!servers.some((server) => server.startsWith('['))) return;
  const places = servers.flatMap((server) => {
    const [, address, name, port = PORT_DEFAULT] = SERVER.exec(server) ?? [];
    const host = address ?? name;
    return host === undefined ? [] : [{ host, port: Number(port) }];
  });
  // The library begins anywhere, so that not all clients go to one server; so do clients of different processes here.
  const first = process.pid % Math.max(1, places.length);
  Reflect.set(managerOf(client), 'servers', [...places.slice(first), ...places.slice(0, first)]);
}

/** How long one attempt may take, ms. */
export interface AttemptLimits {
  /** Until the server is reached. How long its name takes to be looked up does not count. */
  readonly reachMs: number;
  /**
   * From then on, until it has let the client in: it may have overheard it while it started. Twice as long each time that
   * no word has come, up to the maximum: it may also be busy with all who come.
   */
  readonly entryMs: number;
  readonly entryMsMax: number;
}

/**
 * Has a client look for its server often: attempts are short, so that a server that comes back is found as soon. And a
 * client forgets how far it has seen once it is turned away again and again: a server that was set back to an older state
 * refuses whoever has seen more, without a word and for ever. So this is for clients that may see older data once more.
 * To be called before it connects.
 */
export function seekServer(client: object, timers: Timers, limits: AttemptLimits): void {
  const manager = managerOf(client);
  const findNext: unknown = Reflect.get(manager, 'findNextServer');
  if (typeof findNext !== 'function' || !(manager instanceof EventEmitter)) return;
  let refusals = 0;
  let entryMs = limits.entryMs;
  let unknownNames = 0;
  let limit: TimerHandle | undefined;
  let pause: TimerHandle | undefined;
  const awaitReach = (socket: Socket): void => {
    limit?.cancel();
    limit = timers.after(limits.reachMs, () => socket.destroy());
  };
  const awaitEntry = (socket: Socket): void => {
    limit?.cancel();
    limit = timers.after(entryMs, () => {
      entryMs = Math.min(entryMs * 2, limits.entryMsMax);
      socket.destroy();
    });
  };
  manager.on('state', (state: unknown) => {
    limit?.cancel();
    if (CONNECTED_STATES.includes(state)) {
      refusals = 0;
      entryMs = limits.entryMs;
    }
    if (state === CLOSING) pause?.cancel();
  });
  const attend = (socket: Socket, isAddress: boolean): void => {
    if (isAddress) awaitReach(socket);
    socket.once('lookup', (error: Error | null) => {
      unknownNames = error === null ? 0 : unknownNames + 1;
      if (error === null) awaitReach(socket);
    });
    socket.once('connect', () => {
      refusals += 1;
      const seen: unknown = Reflect.get(manager, 'zxid');
      if (refusals > REFUSALS_MAX && seen instanceof Uint8Array) seen.fill(0);
      awaitEntry(socket);
    });
  };
  // It opens the socket in what it hands over here.
  Reflect.set(manager, 'findNextServer', (open: (server: { readonly host: string }) => void) => {
    const openAttended = (server: { readonly host: string }): void => {
      open(server);
      const socket: unknown = Reflect.get(manager, 'socket');
      if (socket instanceof Socket) attend(socket, isIP(server.host) !== 0);
    };
    const next = (): void => {
      Reflect.apply(findNext, manager, [openAttended]);
    };
    const servers: unknown = Reflect.get(manager, 'servers');
    if (!Array.isArray(servers) || unknownNames < servers.length) {
      next();
      return;
    }
    unknownNames = 0;
    pause = timers.after(UNKNOWN_NAME_MS, next);
  });
}

/**
 * Has a client speak TLS with its servers, from the first byte, as they want it at their secure port. Their certificates must
 * be for the names or addresses that they are reached at. To be called before it connects.
 * @param material asked anew for each connection; what it throws counts as a connection that failed
 * @param onProblem hears why a connection failed: the library tells nobody
 */
export function speakTls(client: object, material: () => ConnectionOptions, onProblem: (error: Error) => void): void {
  const manager = managerOf(client);
  const call = (name: string, ...values: readonly unknown[]): void => {
    const method: unknown = Reflect.get(manager, name);
    if (typeof method === 'function') Reflect.apply(method, manager, values);
  };
  const open = (server: { readonly host: string; readonly port: number }): Socket => {
    try {
      const host = server.host.replace(/^\[|\]$/g, '');
      return connectTls({ ...material(), host, port: server.port, ...(isIP(host) === 0 && { servername: host }) });
    } catch (error) {
      return new Socket().destroy(error instanceof Error ? error : new Error(String(error)));
    }
  };
  // What the library does in `connect`, with another socket.
  Reflect.set(manager, 'connect', () => {
    call('setState', CONNECTING);
    call('findNextServer', (server: { readonly host: string; readonly port: number }) => {
      const socket = open(server);
      Reflect.set(manager, 'socket', socket);
      socket.setTimeout(Number(Reflect.get(manager, 'connectTimeout')), () => socket.destroy());
      socket.setNoDelay();
      socket.on('secureConnect', () => {
        socket.setTimeout(0);
        call('onSocketConnected');
      });
      socket.on('data', (bytes: Uint8Array) => {
        call('onSocketData', bytes);
      });
      socket.on('drain', () => {
        call('onSocketDrain');
      });
      socket.on('close', (hasFailed) => {
        call('onSocketClosed', hasFailed);
      });
      socket.on('error', (error) => {
        onProblem(error);
        call('onSocketError', error);
      });
    });
  });
}

/** Ends the session, so that its ephemeral nodes go at once if a server hears of it; the connection goes in any case. */
export function closeZooKeeperClient(client: ClosableClient, timers: Timers): void {
  const manager = managerOf(client);
  const wasConnected = CONNECTED_STATES.includes(Reflect.get(manager, 'state'));
  try {
    client.close();
  } catch {
    // Before its first socket it has nothing to write to; it is marked as closing all the same.
  }
  if (wasConnected) {
    timers.after(CLOSE_MS_MAX, () => leaveServer(client));
    return;
  }
  const leave = (): void => {
    clearTimeout(Reflect.get(manager, 'connectTimeoutHandler') as NodeJS.Timeout | undefined);
    leaveServer(client);
  };
  // It may be about to open a socket.
  Reflect.set(manager, 'onSocketConnected', leave);
  leave();
}

/** Drops the connection to a server that hangs: the library waits for its system to notice. */
export function leaveServer(client: object): void {
  const socket: unknown = Reflect.get(managerOf(client), 'socket');
  if (socket instanceof Socket) socket.destroy();
}

function managerOf(client: object): object {
  const manager: unknown = Reflect.get(client, 'connectionManager');
  if (typeof manager !== 'object' || manager === null) {
    throw new TypeError('This is no client of node-zookeeper-client, or one of a version that is not known here.');
  }
  return manager;
}
