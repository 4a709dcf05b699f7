/** One port for TLS and plain HTTP, certificates of every kind, and new ones under open streams: on real sockets. */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { ClusterAuthority, ClusterSecret, Secret, endOfCertificate } from '@stadion/access';
import { resolveServerConfig } from '@stadion/contract';
import { silentLogger, type Clock, type Timers } from '@stadion/base';
import { systemClock } from '@stadion/base/system';
import { VirtualTime } from '@stadion/base/testing';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { CERTIFICATE_LIFETIME_MS, TLS_RENEWAL_LOOK_MS } from '../limits.ts';
import { listen } from '../listening.ts';
import { systemPorts } from '../system-ports.ts';
import { Undoing } from '../undoing.ts';
import { openNodeTls, type NodeTls } from './node-tls.ts';
import { clusterFetch } from './own-fetches.ts';
import { takeTls } from './tls-port.ts';

const DAY_MS = 86_400_000;
const SECRET = new ClusterSecret(new Secret('the secret of this very cluster'));
let authority: ClusterAuthority;
let other: ClusterAuthority;
const undoing = new Undoing();

beforeAll(async () => {
  authority = await ClusterAuthority.of(SECRET);
  other = await ClusterAuthority.of(new Secret('the secret of another cluster'));
});

afterEach(async () => {
  await undoing.run(silentLogger);
});

const issue = (by: ClusterAuthority, lifetimeMs = DAY_MS, nowMs = systemClock.now()) =>
  by.issue({ names: ['127.0.0.1'], nowMs, lifetimeMs });

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'stadion tls '));
  undoing.add(() => rm(made, { recursive: true, force: true }));
  return made;
}

async function open(
  flags: Readonly<Record<string, unknown>>,
  time: Clock & Timers = systemPorts().time,
  secret = SECRET,
): Promise<{ url: URL; tls: NodeTls; http: FastifyInstance }> {
  const outcome = resolveServerConfig({ flags: { dataDir: await folder(), ...flags }, environment: {} });
  if (!outcome.ok) throw new Error(outcome.problems.join());
  const parts = { secret, ports: { ...systemPorts(), time }, log: silentLogger };
  const tls = await openNodeTls(outcome.config, parts, undoing);
  if (tls === undefined) throw new Error('TLS is off');
  const http = Fastify();
  http.get('/health', async () => 'fine');
  http.get('/stream', (_request, reply) => {
    reply.hijack();
    reply.raw.write('begun\n');
    http.server.once('more', () => reply.raw.end('more\n'));
  });
  const where = {
    address: '127.0.0.1',
    port: 0,
    flag: '--master-port',
    api: 'master',
    ownNames: new Set<string>(),
  } as const;
  const url = new URL(await listen(http, { ...where, tls }));
  undoing.add(() => http.close());
  return { url, tls, http };
}

interface Shown {
  readonly cert?: string;
  readonly ca?: string;
  readonly key?: string;
}

function ask(url: URL, path: string, shown?: Shown): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const at = { host: url.hostname, port: url.port, path, agent: false } as const;
    const request =
      shown === undefined ? httpRequest(at) : httpsRequest({ ...at, ca: authority.certificate, ...shown });
    request.on('error', reject);
    request.on('response', (answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    request.end();
  });
}

/** A stream that has begun, and what it has said at its end. */
function openStream(url: URL): Promise<{ readonly rest: Promise<string> }> {
  return new Promise((resolve, reject) => {
    const at = { host: url.hostname, port: url.port, path: '/stream', agent: false, ca: authority.certificate };
    httpsRequest(at, (answer) => {
      let text = '';
      const rest = new Promise<string>((done) => answer.on('end', () => done(text)));
      answer.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        resolve({ rest });
      });
    })
      .on('error', reject)
      .end();
  });
}

/** The certificate that is shown to somebody who connects now. */
function shownAt(url: URL, by = authority): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ host: url.hostname, port: Number(url.port), ca: by.certificate }, () => {
      resolve(socket.getPeerX509Certificate()?.toString().trim());
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

test('a port speaks TLS and plain HTTP, with and without a certificate of the other end', async () => {
  const { url } = await open({ tls: 'on' });
  const mine = await issue(authority);
  expect(await ask(url, '/health')).toEqual({ status: 200, text: 'fine' });
  expect(await ask(url, '/health', {})).toEqual({ status: 200, text: 'fine' });
  expect(await ask(url, '/health', { cert: mine.certificate, key: mine.key })).toEqual({ status: 200, text: 'fine' });
});

test('a certificate of another authority or of the past is refused, and told why', async () => {
  const { url } = await open({ tls: 'on' });
  const wrong = await issue(other);
  const answer = await ask(url, '/health', { cert: wrong.certificate, key: wrong.key });
  expect(answer.status).toBe(403);
  expect(answer.text).toContain('This certificate is not taken');
  const old = await issue(authority, DAY_MS, systemClock.now() - 2 * DAY_MS);
  const late = await ask(url, '/health', { cert: old.certificate, key: old.key });
  expect(late.status).toBe(403);
  expect(late.text).toContain('CERT_HAS_EXPIRED');
});

test('a machine with another secret is not taken for one of the cluster by whoever calls it', async () => {
  const { url } = await open({ tls: 'on' });
  await expect(
    new Promise((resolve, reject) => {
      const socket = connectTls({ host: url.hostname, port: Number(url.port), ca: other.certificate }, () => {
        resolve('taken');
      });
      socket.on('error', reject);
    }),
  ).rejects.toThrow(/self-signed|unable to/);
});

test('whoever says nothing, or begins with TLS and goes no further, makes room for who comes', async () => {
  const { tls } = await open({ tls: 'on' });
  const server = createServer((_request, response) => response.end('fine'));
  const endUndecided = takeTls(server, tls, 4);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = new URL(`http://127.0.0.1:${String(port)}`);
  const agreed = connectTls({ host: url.hostname, port, ca: authority.certificate });
  agreed.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(agreed, 'data');
  const silent: Socket[] = [];
  for (const said of ['', '\x16', '\x16\x03\x01', '\x16']) {
    const socket = connect({ host: url.hostname, port });
    silent.push(socket);
    socket.on('error', () => undefined).resume();
    await Promise.all([once(server, 'connection'), once(socket, 'connect')]);
    if (said !== '') socket.write(said);
  }
  for (const oldest of silent.slice(0, 2)) {
    const ended = once(oldest, 'close');
    expect(await ask(url, '/health', {})).toEqual({ status: 200, text: 'fine' });
    await ended;
    // Who took that place has agreed, and left it again.
    const another = connect({ host: url.hostname, port });
    silent.push(another);
    await Promise.all([once(server, 'connection'), once(another, 'connect')]);
  }
  expect([agreed, ...silent.slice(2)].map(({ closed }) => closed)).toEqual([false, false, false, false, false]);
  const allEnded = Promise.all(silent.slice(2).map((socket) => once(socket, 'close')));
  endUndecided();
  await allEnded;
  agreed.destroy();
  server.close();
});

test('new files are shown to new connections, open streams go on, and half a change changes nothing', async () => {
  const where = await folder();
  const files = { tlsCert: join(where, 'crt'), tlsKey: join(where, 'key'), tlsCa: join(where, 'ca') };
  const keep = async ({ certificate, key }: { certificate: string; key: string }): Promise<void> => {
    await writeFile(files.tlsCert, certificate);
    await writeFile(files.tlsKey, key);
  };
  await writeFile(files.tlsCa, authority.certificate);
  await keep(await issue(authority));
  const { url, tls, http } = await open({ tls: 'on', ...files });
  const { rest } = await openStream(url);
  const changed = new Promise<string>((resolve) => tls.onChange(({ cert }) => resolve(cert)));
  const next = await issue(authority, 2 * DAY_MS);
  // A certificate whose key is not there yet: what was there stands until both are.
  await writeFile(files.tlsCert, next.certificate);
  expect(await ask(url, '/health', {})).toMatchObject({ status: 200 });
  await keep(next);
  expect(await changed).toBe(next.certificate);
  expect(await shownAt(url)).toBe(next.certificate.trim());
  http.server.emit('more');
  expect(await rest).toBe('begun\nmore\n');
});

test('files that are empty, as while they are written, are refused', async () => {
  const where = await folder();
  const files = { tlsCert: join(where, 'crt'), tlsKey: join(where, 'key'), tlsCa: join(where, 'ca') };
  const { certificate, key } = await issue(authority);
  const whole = { tlsCert: certificate, tlsKey: key, tlsCa: authority.certificate };
  for (const name of ['tlsCert', 'tlsKey', 'tlsCa'] as const) {
    for (const each of ['tlsCert', 'tlsKey', 'tlsCa'] as const) {
      await writeFile(files[each], each === name ? '' : whole[each]);
    }
    await expect(open({ tls: 'on', ...files })).rejects.toThrow(/there is no PEM/);
  }
});

test('only who asks as a part of the cluster believes its authority and shows its secret', async () => {
  const { url, tls, http } = await open({ tls: 'on' });
  const shown: (string | undefined)[] = [];
  http.server.prependListener('request', ({ headers }) => shown.push(headers.authorization));
  const address = `https://${url.host}/health`;
  const answer = await clusterFetch({ secret: SECRET, tls })(address, { headers: { 'x-more': 'yes' } });
  expect([answer.status, await answer.text(), shown]).toEqual([200, 'fine', [`Bearer ${SECRET.reveal()}`]]);
  // As artifacts and images are fetched.
  await expect(fetch(address)).rejects.toMatchObject({ cause: { code: 'SELF_SIGNED_CERT_IN_CHAIN' } });
});

test('while a secret is changed the authorities of both are believed, and the first makes certificates', async () => {
  const [old, next] = ['the secret of this very cluster', 'the secret of another cluster'].map(
    (text) => new Secret(text),
  );
  if (old === undefined || next === undefined) throw new Error('there are two');
  const secret = new ClusterSecret(old);
  const { url, tls } = await open({ tls: 'on' }, undefined, secret);
  const statusFor = async (by: ClusterAuthority): Promise<number> => {
    const { certificate, key } = await issue(by);
    return (await ask(url, '/health', { cert: certificate, key, ca: tls.material().ca })).status;
  };
  const become = async (...known: readonly [Secret, ...Secret[]]): Promise<void> => {
    const changed = new Promise<void>((resolve) => tls.onChange(() => resolve()));
    secret.become(new ClusterSecret(...known));
    await changed;
  };
  expect([await statusFor(authority), await statusFor(other)]).toEqual([200, 403]);
  await become(old, next);
  expect([await statusFor(authority), await statusFor(other)]).toEqual([200, 200]);
  await become(next, old);
  // Who believes the new one alone reaches it by now.
  expect(await shownAt(url, other)).toBe(tls.material().cert.trim());
  expect([await statusFor(authority), await statusFor(other)]).toEqual([200, 200]);
  await become(next);
  expect([await statusFor(authority), await statusFor(other)]).toEqual([403, 200]);
});

test("the cluster's own authority gives another certificate when a third of its life is left, under open streams", async () => {
  // So that now, which is what those go by who verify, is the day of the renewal.
  const time = new VirtualTime(systemClock.now() - (CERTIFICATE_LIFETIME_MS / 3) * 2);
  const { url, tls, http } = await open({ tls: 'on' }, time);
  const first = tls.material().cert.trim();
  expect(await shownAt(url)).toBe(first);
  const { rest } = await openStream(url);
  await time.advance((CERTIFICATE_LIFETIME_MS / 3) * 2 - DAY_MS);
  expect(tls.material().cert.trim()).toBe(first);
  const changed = new Promise<string>((resolve) => {
    tls.onChange(({ cert }) => {
      resolve(cert.trim());
    });
  });
  await time.advance(DAY_MS + TLS_RENEWAL_LOOK_MS);
  const second = await changed;
  expect(second).not.toBe(first);
  expect(endOfCertificate(second) - endOfCertificate(first)).toBeGreaterThan(
    (CERTIFICATE_LIFETIME_MS / 3) * 2 - DAY_MS,
  );
  expect(await shownAt(url)).toBe(second);
  http.server.emit('more');
  expect(await rest).toBe('begun\nmore\n');
});

test('settings that do not go together are refused with what to do', async () => {
  await expect(open({ tls: 'on', tlsCert: 'crt' })).rejects.toThrow(/all of --tls-cert/);
  await expect(open({ tlsCert: 'crt' })).rejects.toThrow(/without --tls on/);
  const missing = { tlsCert: '/no/crt', tlsKey: '/no/key', tlsCa: '/no/ca' };
  await expect(open({ tls: 'on', ...missing })).rejects.toThrow(/cannot be used/);
});
