import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { Duplex, PassThrough } from 'node:stream';
import { afterEach, expect, it } from 'vitest';
import { joinStreams } from './join-streams.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function serve(onConnection: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, onConnection);
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function relayTo(port: number): Promise<number> {
  return serve((socket) => {
    void joinStreams(socket, connect({ port, host: '127.0.0.1', allowHalfOpen: true }));
  });
}

/** Not by iterating, which closes a socket at its end. */
async function textOf(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await once(socket, 'end');
  return text;
}

it('passes on what was written just before the end', async () => {
  const words = 'x'.repeat(300_000);
  const port = await relayTo(await serve((socket) => socket.end(words)));
  expect(await textOf(connect(port, '127.0.0.1'))).toBe(words);
});

it('passes on an end, and what is answered after it', async () => {
  const target = await serve((socket) => void textOf(socket).then((text) => socket.end(`got ${text.length}`)));
  const socket = connect({ port: await relayTo(target), host: '127.0.0.1', allowHalfOpen: true });
  socket.end('y'.repeat(200_000));
  expect(await textOf(socket)).toBe('got 200000');
});

it('takes the other along when one is gone before', async () => {
  const gone = new PassThrough().destroy();
  const other = new PassThrough();
  await joinStreams(gone, other);
  expect(other.destroyed).toBe(true);
});

it('takes the other along when one breaks', async () => {
  let target: Socket | undefined;
  const port = await relayTo(await serve((socket) => (target = socket)));
  const socket = connect(port, '127.0.0.1');
  socket.write('begun');
  await expect.poll(() => target).toBeDefined();
  if (target === undefined) return;
  target.on('error', () => undefined).resume();
  const broken = target;
  const gone = new Promise((resolve) => broken.once('close', resolve));
  socket.resetAndDestroy();
  target.write('into nothing');
  await gone;
});

it('loses nothing of what came before an orderly end to input that comes after it', async () => {
  const port = await serve((socket) => socket.end('all that was said'));
  // As requests over HTTP make them: what is written to it after the other side has ended breaks it.
  const other = connect({ port, host: '127.0.0.1', allowHalfOpen: false });
  const ended = once(other, 'end');
  const broken = once(other, 'error').catch((error: unknown) => error);
  let text = '';
  const held: (() => void)[] = [];
  const one = new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      held.push(done);
    },
  });
  const joined = joinStreams(one, other);
  await ended;
  one.push('too late');
  await broken;
  for (const done of held) done();
  await joined;
  expect(text).toBe('all that was said');
  expect(one.writableFinished).toBe(true);
});
