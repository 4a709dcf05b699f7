/**
 * What the library `node-zookeeper-client` gets wrong about connections that break: it keeps half a packet and reads the
 * next connection's first bytes as its end; it waits for ever for a server that accepts and says nothing; and closed
 * while it connects, it goes on, and takes the server's greeting for the answer to its goodbye. It is reached into by
 * name here, and only here, so that this room need not depend on it.
 */
import { EventEmitter } from 'node:events';
import { Socket } from 'node:net';
import type { Timers } from './time.ts';

/** As much of a client as closing one takes. */
export interface ClosableClient {
  close(): void;
}

/** For how long a closed client may tell the server so, ms. */
const CLOSE_MS_MAX = 1000;
/** The library's numbers for states of a connection. */
const DISCONNECTED = 0;
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
