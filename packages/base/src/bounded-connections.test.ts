import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { boundConnections } from './bounded-connections.ts';

const MAX = 5;
let server: Server;
let port: number;
const sockets: Socket[] = [];
/** Answers the requests that wait. */
let release: (() => void)[] = [];

beforeEach(async () => {
  server = createServer((asked, response) => {
    if (asked.url === '/waits') release.push(() => response.end('waited'));
    else response.end('at once');
  });
  boundConnections(server, MAX);
  server.on('upgrade', (_request, socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  release = [];
  server.close();
  server.closeAllConnections();
});

async function open(said = ''): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => undefined).resume();
  const taken = once(server, 'connection');
  await once(socket, 'connect');
  await taken;
  if (said !== '') socket.write(said);
  return socket;
}

const ask = (path: string): Promise<string> =>
  new Promise((resolve, reject) => {
    request({ port, path, agent: false }, (answer) => {
      answer.on('data', (chunk: Buffer) => resolve(chunk.toString()));
    })
      .on('error', reject)
      .end();
  });

const ends = (socket: Socket): Promise<unknown> => (socket.closed ? Promise.resolve() : once(socket, 'close'));

test('whoever says nothing for longest makes room, and who comes is answered', async () => {
  const silent: Socket[] = [];
  for (let index = 0; index < MAX; index += 1) silent.push(await open());
  expect(await ask('/')).toBe('at once');
  await ends(silent[0] as Socket);
  expect(silent.slice(1).every(({ closed }) => !closed)).toBe(true);
});

test('a request under way and an upgraded connection stay; one that has been answered counts from then on', async () => {
  const waiting = ask('/waits');
  await once(server, 'request');
  const upgraded = await open('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: y\r\n\r\n');
  await once(server, 'upgrade');
  const kept = await open('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(kept, 'data');
  const silent = [await open(), await open()];
  // All places are taken: first goes who was answered, then who came after that.
  const more = [await open(), await open()];
  await Promise.all([ends(kept), ends(silent[0] as Socket)]);
  expect([upgraded, silent[1], ...more].map((socket) => socket?.closed)).toEqual([false, false, false, false]);
  for (const answer of release) answer();
  expect(await waiting).toBe('waited');
});

test('where everybody is busy, nobody else is let in', async () => {
  const waiting: Promise<string>[] = [];
  for (let index = 0; index < MAX; index += 1) {
    const asked = once(server, 'request');
    waiting.push(ask('/waits'));
    await asked;
  }
  await ends(await open());
  for (const answer of release) answer();
  expect(await Promise.all(waiting)).toEqual(Array.from({ length: MAX }, () => 'waited'));
});
