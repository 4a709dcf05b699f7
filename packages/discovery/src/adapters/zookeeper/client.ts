/**
 * The client library, with what it gets wrong about connections that break: it keeps half a packet and reads the next
 * connection's first bytes as its end, it waits for ever for a server that accepts and says nothing, and once closed
 * without a connection it goes on connecting.
 */
import { EventEmitter } from 'node:events';
import { Socket } from 'node:net';
import type { Timers } from '@stadion/base';
import zookeeper, { type Client } from 'node-zookeeper-client';

/** Between two attempts to connect, at most, ms. */
const SPIN_MS = 300;
/** For how long a closed client may tell the server so. */
const CLOSE_MS_MAX = 1000;
/** The library's number for that state. */
const DISCONNECTED = 0;

/** A client that is not connecting yet. */
export function createClient(connectString: string, sessionTimeoutMs: number): Client {
  const client = zookeeper.createClient(connectString, {
    sessionTimeout: sessionTimeoutMs,
    spinDelay: SPIN_MS,
    retries: 0,
  });
  const manager = managerOf(client);
  // The client itself keeps quiet about attempts to connect that failed.
  if (manager instanceof EventEmitter) {
    manager.on('state', (state: unknown) => {
      if (state === DISCONNECTED) Reflect.set(manager, 'pendingBuffer', null);
    });
  }
  return client;
}

/** Ends the session, so that its ephemeral nodes go at once if a server hears of it; the connection goes in any case. */
export function closeClient(client: Client, timers: Timers): void {
  client.removeAllListeners();
  try {
    client.close();
  } catch {
    // Before its first socket it has nothing to write to; it is marked as closing all the same.
  }
  timers.after(CLOSE_MS_MAX, () => socketOf(client)?.destroy());
}

function managerOf(client: object): unknown {
  return Reflect.get(client, 'connectionManager');
}

function socketOf(client: object): Socket | undefined {
  const manager = managerOf(client);
  const socket: unknown = typeof manager === 'object' && manager !== null ? Reflect.get(manager, 'socket') : undefined;
  return socket instanceof Socket ? socket : undefined;
}
