/** A session against a server that breaks off where the client library is known to stumble. */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { silentLogger } from '@stadion/base';
import { systemClock, systemTimers } from '@stadion/base/system';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ZooKeeperSession } from './zookeeper-session.ts';

let server: Server;
let sockets: Socket[];
let isTalkedTo: (socket: Socket) => void;

beforeEach(async () => {
  sockets = [];
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    // Whatever the first bytes are: they ask for a session.
    socket.once('data', () => isTalkedTo(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

test('closed before the server has greeted, it leaves, and takes no greeting for an answer', async () => {
  const asked = new Promise<Socket>((resolve) => (isTalkedTo = resolve));
  const session = open();
  const socket = await asked;
  const left = new Promise((resolve) => socket.once('close', resolve));
  session.close();
  socket.write(greeting());
  await left;
  expect(String(await session.lost)).toContain('the session was closed');
});

test('half a packet is forgotten when the connection breaks', async () => {
  isTalkedTo = (socket) => {
    if (sockets.length === 1) {
      socket.write(Buffer.concat([greeting(), Buffer.of(0, 0, 1, 0, 7)]));
      socket.once('data', () => socket.destroy());
      return;
    }
    socket.write(greeting());
    socket.on('data', (data) => socket.write(nothingThere(data)));
  };
  const session = open();
  expect(await session.exists('/any')).toBe(false);
  expect(sockets).toHaveLength(2);
  session.close();
});

const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));

test.skipIf(!hasIpv6)('a server at an IPv6 address is found, among others too', async () => {
  isTalkedTo = (socket) => {
    socket.write(greeting());
    socket.on('data', (data) => socket.write(nothingThere(data)));
  };
  await new Promise((resolve) => server.close(resolve));
  await new Promise<void>((resolve) => server.listen(0, '::1', resolve));
  for (const others of [[], ['127.0.0.1:1']]) {
    const session = open('[::1]', others);
    expect(await session.exists('/any')).toBe(false);
    session.close();
  }
});

function open(host = '127.0.0.1', others: readonly string[] = []): ZooKeeperSession {
  const { port } = server.address() as AddressInfo;
  return new ZooKeeperSession({
    place: { servers: [`${host}:${String(port)}`, ...others], path: '/', isSecure: false },
    sessionTimeoutMs: 30_000,
    clock: systemClock,
    timers: systemTimers,
    log: silentLogger,
  });
}

/** A session is given: protocol version, timeout, id, password, with their length before them. */
function greeting(): Buffer {
  const bytes = Buffer.alloc(4 + 4 + 4 + 8 + 4 + 16);
  bytes.writeInt32BE(bytes.length - 4, 0);
  bytes.writeInt32BE(30_000, 8);
  bytes.writeBigInt64BE(0x1234_5678_567c_fc0dn, 12);
  bytes.writeInt32BE(16, 20);
  return bytes;
}

/** NoNode to the request whose number stands behind its length. */
function nothingThere(request: Buffer): Buffer {
  const bytes = Buffer.alloc(4 + 16);
  bytes.writeInt32BE(16, 0);
  request.copy(bytes, 4, 4, 8);
  bytes.writeInt32BE(-101, 16);
  return bytes;
}
