/** What every data plane has to do alike. Each claim is about all of them; what HAProxy leaves to its workers is named. */
import { connect as connectHttp2, constants } from 'node:http2';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { systemClock } from '@stadion/base/system';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { selfSigned } from './certs/self-signed.ts';
import type { CertificatePair } from './embedded/certificates.ts';
import { askFor, askRaw, echo, type Heard } from './testing/backends.ts';
import { PlaneStage, type PlaneKind } from './testing/plane-stage.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const missing = (process.env['STADION_MISSING_PARTS'] ?? '').split(',');
const kinds: readonly PlaneKind[] = missing.includes('haproxy') ? ['embedded'] : ['embedded', 'haproxy'];

/** Whoever wants a WebSocket sends one (RFC 6455 section 4.1). */
const KEY = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';

describe.each(kinds)('the %s data plane', (kind) => {
  let stage: PlaneStage;
  let echoing: string;
  let named: string;
  beforeAll(async () => {
    stage = await PlaneStage.start(kind);
    echoing = await stage.backends.start(echo);
    named = await stage.backends.start((request, response) => response.end(`named ${request.url ?? ''}`));
  });
  afterEach(() => {
    expect(stage.problems).toEqual([]);
  });
  afterAll(async () => {
    await stage.stop();
  });

  const http = (): number => stage.ports['http'] ?? 0;
  const ask = (path: string, options?: Parameters<typeof askFor>[2]): Promise<Heard> => askFor(http(), path, options);
  const echoed = (heard: Heard): ReturnType<typeof JSON.parse> => JSON.parse(heard.body);
  /** Only haproxy leaves anything to anybody. */
  const leaves = (slow: Readonly<Record<string, string>>, names: readonly string[]): void => {
    expect(Object.keys(slow)).toEqual(kind === 'haproxy' ? names.map((name) => `${name}@file`) : []);
  };

  it('routes by host, path, method, header, query and address, by priority', async () => {
    const service = (url: string): object => ({ loadBalancer: { servers: [{ url }] } });
    const slow = await stage.routes({
      http: {
        routers: {
          host: { rule: 'Host(`a.test`, `b.test`)', service: 'echo' },
          prefix: { rule: 'Host(`a.test`) && PathPrefix(`/named`)', service: 'named' },
          deeper: { rule: 'Host(`a.test`) && PathPrefix(`/named/echo`)', service: 'echo' },
          shadowed: { rule: 'Host(`a.test`) && PathPrefix(`/named/shadowed`)', service: 'echo', priority: 1 },
          post: { rule: 'Host(`c.test`) && Method(`POST`)', service: 'named' },
          header: { rule: 'Host(`c.test`) && Headers(`X-Team`, `blue`)', service: 'named' },
          query: { rule: 'Host(`c.test`) && Query(`v=2`)', service: 'named' },
          other: { rule: 'Host(`c.test`) && PathPrefix(`/`)', service: 'echo', priority: 1 },
          pattern: { rule: 'HostRegexp(`{name:[a-z]+}.apps.test`)', service: 'named' },
          address: { rule: 'Host(`d.test`) && ClientIP(`10.0.0.0/8`)', service: 'named' },
        },
        services: { echo: service(echoing), named: service(named) },
      },
    });
    leaves(slow, []);
    await stage.carried();
    const who = async (
      host: string,
      path: string,
      options: { method?: string; headers?: object } = {},
    ): Promise<string> => {
      const heard = await ask(path, { ...options, headers: { host, ...options.headers } });
      if (heard.status !== 200) return String(heard.status);
      return heard.body.startsWith('named') ? 'named' : 'echo';
    };
    const asked: readonly (readonly [string, Promise<string>])[] = [
      ['echo', who('a.test', '/')],
      ['echo', who('B.Test:8000', '/x')],
      ['named', who('a.test', '/named')],
      ['named', who('a.test', '/named/x')],
      ['echo', who('a.test', '/named/echo/x')],
      ['named', who('a.test', '/named/shadowed')],
      ['named', who('a.test', '/x/../named//y')],
      ['echo', who('c.test', '/')],
      ['named', who('c.test', '/', { method: 'POST' })],
      ['named', who('c.test', '/', { headers: { 'x-team': 'blue' } })],
      ['named', who('c.test', '/?v=2')],
      ['named', who('shop.apps.test', '/')],
      ['404', who('shop.apps.test.evil', '/')],
      ['404', who('d.test', '/')],
      ['404', who('unknown.test', '/')],
    ];
    expect(await Promise.all(asked.map(([, answer]) => answer))).toEqual(asked.map(([wanted]) => wanted));
  });

  it('tells servers honestly who asked, whatever the client claims', async () => {
    await stage.route([echoing]);
    await stage.carried();
    const claims = {
      'x-forwarded-for': '1.2.3.4',
      'x-forwarded-proto': 'https',
      'x-real-ip': '1.2.3.4',
      forwarded: 'for=1',
    };
    const { url, headers } = echoed(
      await ask('/a?b=1', { headers: { ...claims, connection: 'x-secret', 'x-secret': '1' } }),
    );
    expect(url).toBe('/a?b=1');
    expect(headers['x-secret']).toBeUndefined();
    const plain = echoed(await ask('/a?b=1', { headers: claims })).headers;
    expect(plain).toMatchObject({
      host: 'a.test',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'a.test',
      'x-forwarded-port': String(http()),
      'x-real-ip': '127.0.0.1',
      'x-forwarded-server': 'edge-host',
    });
    expect(plain.forwarded).toBeUndefined();
  });

  it('changes paths, headers and who may come', async () => {
    const slow = await stage.route([echoing], {
      strip: { stripPrefix: { prefixes: ['/api'] } },
      add: { addPrefix: { prefix: '/v1' } },
      own: {
        headers: {
          customRequestHeaders: { 'X-Team': "100% 'ours'", 'X-Gone': '' },
          customResponseHeaders: { 'X-By': 'edge %[src]' },
        },
      },
    });
    leaves(slow, ['all']);
    const simple = {
      strip: { stripPrefix: { prefixes: ['/api'] } },
      add: { addPrefix: { prefix: '/v1' } },
      own: {
        headers: {
          customRequestHeaders: { 'X-Team': '100% ours', 'X-Gone': '' },
          customResponseHeaders: { 'X-By': 'edge %[src]' },
        },
      },
      here: { ipAllowList: { sourceRange: ['127.0.0.0/8', '::1'] } },
    };
    leaves(await stage.route([echoing], simple), []);
    await stage.carried();
    const heard = await ask('/api/users?x=1', { headers: { 'x-gone': '1' } });
    const { url, headers } = echoed(heard);
    expect([url, headers['x-forwarded-prefix'], headers['x-team'], headers['x-gone']]).toEqual([
      '/v1/users?x=1',
      '/api',
      '100% ours',
      undefined,
    ]);
    expect(heard.headers['x-by']).toBe('edge %[src]');
    await stage.route([echoing], { ...simple, there: { ipAllowList: { sourceRange: ['10.0.0.0/8'] } } });
    // At once, without a reload: what protects must not be late.
    const refused = await ask('/');
    expect([refused.status, refused.headers['x-by']]).toEqual([403, 'edge %[src]']);
    await stage.carried();
    const still = await ask('/');
    expect([still.status, still.body, still.headers['x-by']]).toEqual([403, refused.body, 'edge %[src]']);
  });

  it('answers errors alike: nobody behind a host, nobody reached', async () => {
    await stage.route([]);
    await stage.carried();
    const nobody = await ask('/');
    expect([nobody.status, nobody.body]).toEqual([503, 'No server takes requests for this service.\n']);
    await stage.route(['http://127.0.0.1:1']);
    await stage.carried();
    const dead = await ask('/');
    expect([dead.status, dead.headers['content-type']]).toEqual([502, 'text/plain; charset=utf-8']);
  });

  it('sends again what could not arrive, and a GET that was dropped, never a POST', async () => {
    let dropped = 0;
    const dropping = await stage.backends.start((request) => {
      dropped += 1;
      request.socket.destroy();
    });
    await stage.route(['http://127.0.0.1:1', echoing]);
    await stage.carried();
    for (let count = 0; count < 4; count += 1) {
      expect((await ask('/', { method: 'POST', body: 'x' })).status).toBe(200);
    }
    await stage.route([dropping, echoing]);
    await stage.carried();
    const gets = await Promise.all([1, 2, 3, 4].map(() => ask('/')));
    expect(gets.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const before = dropped;
    const posts = await Promise.all([1, 2, 3, 4].map(() => ask('/', { method: 'POST', body: 'x' })));
    const failed = posts.filter(({ status }) => status === 502).length;
    expect(failed).toBeGreaterThan(0);
    expect(dropped - before).toBe(failed);
  });

  it('carries large bodies both ways, and WebSockets, and no other upgrade', async () => {
    const sized = await stage.backends.start((_request, response, body) =>
      response.end(Buffer.alloc(body.length, 'y')),
    );
    await stage.route([sized]);
    await stage.carried();
    for (const size of [1, 60_000, 3_000_000]) {
      expect((await ask('/', { method: 'POST', body: Buffer.alloc(size) })).body.length).toBe(size);
    }
    const head = (protocol: string, more = ''): string =>
      `GET /ws HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade${more}\r\nUpgrade: ${protocol}\r\n${KEY}\r\n\r\n`;
    const heard = await new Promise<string>((resolve, reject) => {
      const socket = connect(http(), '127.0.0.1', () => socket.write(head('websocket')));
      let text = '';
      socket.once('error', reject);
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (text.endsWith('\r\n\r\n')) socket.write('ping');
        if (!text.endsWith('ping')) return;
        socket.destroy();
        resolve(text);
      });
    });
    expect(heard).toContain('101 Switching Protocols');
    expect(await askRaw(http(), head('h2c', ', close'))).toContain('HTTP/1.1 200');
  });

  it('speaks HTTP/2 with and without TLS, with trailers, and tells servers of TLS', async () => {
    const trailing = await stage.backends.start((request, response) => {
      response.writeHead(200, { trailer: 'x-end', 'x-scheme': request.headers['x-forwarded-proto'] });
      response.write('body');
      response.addTrailers({ 'x-end': 'yes' });
      response.end();
    });
    await stage.route([trailing]);
    await stage.carried();
    for (const [scheme, port] of [
      ['http', http()],
      ['https', stage.ports['https']],
    ] as const) {
      const session = connectHttp2(`${scheme}://127.0.0.1:${String(port)}`, { rejectUnauthorized: false });
      const heard = await new Promise<Record<string, unknown>>((resolve, reject) => {
        session.on('error', reject);
        const stream = session.request({
          [constants.HTTP2_HEADER_AUTHORITY]: 'a.test',
          [constants.HTTP2_HEADER_PATH]: '/x',
        });
        let found: Record<string, unknown> = {};
        stream.on('error', reject);
        stream.on('response', (headers: object) => (found = { ...found, ...headers }));
        stream.on('trailers', (headers: object) => (found = { ...found, ...headers }));
        stream.on('close', () => resolve(found));
        stream.resume();
      });
      session.close();
      expect([heard['x-scheme'], heard['x-end']], scheme).toEqual([scheme, 'yes']);
    }
  });

  it('shows new certificates to new connections, and closes none', async () => {
    await stage.route([echoing]);
    const open = await new Promise<ReturnType<typeof connectTls>>((resolve, reject) => {
      const socket = connectTls({
        port: stage.ports['https'] ?? 0,
        host: '127.0.0.1',
        servername: 'a.test',
        rejectUnauthorized: false,
      });
      socket.once('error', reject);
      socket.once('secureConnect', () => resolve(socket));
    });
    const before = open.getPeerCertificate().fingerprint256;
    await stage.plane.setCertificates([
      await selfSigned(['localhost'], Date.parse('2026-01-01'), 9),
      await selfSigned(['secure.test'], Date.parse('2026-01-01'), 10),
    ]);
    const fingerprint = (servername: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = connectTls({
          port: stage.ports['https'] ?? 0,
          host: '127.0.0.1',
          servername,
          rejectUnauthorized: false,
        });
        socket.once('error', reject);
        socket.once('secureConnect', () => {
          resolve(socket.getPeerCertificate().fingerprint256);
          socket.destroy();
        });
      });
    const all = new Set([before, await fingerprint('a.test'), await fingerprint('secure.test')]);
    expect(all.size).toBe(3);
    const answer = await new Promise<string>((resolve) => {
      open.once('data', (chunk: Buffer) => resolve(chunk.toString()));
      open.write('GET /kept HTTP/1.1\r\nHost: a.test\r\n\r\n');
    });
    expect(answer).toContain('200 OK');
    open.destroy();
  });

  it('moves servers, weights and drains at once, and loses nothing of what is under way', async () => {
    let finish: (() => void) | undefined;
    const slow = await stage.backends.start((_request, response) => {
      finish = () => response.end('finished');
    });
    await stage.route([slow]);
    await stage.carried();
    const underWay = ask('/slow');
    await expect.poll(() => finish).toBeDefined();
    await stage.routes({
      http: {
        routers: { all: { rule: 'Host(`a.test`)', service: 'all' } },
        services: {
          all: {
            loadBalancer: {
              servers: [
                { url: echoing, weight: 3 },
                { url: named, weight: 1 },
              ],
            },
          },
        },
      },
    });
    const bodies = await Promise.all(Array.from({ length: 40 }, () => ask('/')));
    const ofNamed = bodies.filter(({ body }) => body.startsWith('named')).length;
    expect(ofNamed).toBeGreaterThan(7);
    expect(ofNamed).toBeLessThan(13);
    finish?.();
    expect((await underWay).body).toBe('finished');
  });

  it('reaches servers that are known by name', async () => {
    leaves(await stage.route([echoing.replace('127.0.0.1', 'localhost')]), []);
    await stage.carried();
    expect((await ask('/')).status).toBe(200);
  });

  it('counts what it has done, per route', async () => {
    await stage.routes({
      http: {
        routers: { counted: { rule: 'Host(`a.test`)', service: 'all' } },
        services: { all: { loadBalancer: { servers: [{ url: echoing }] } } },
      },
    });
    await stage.carried();
    for (let count = 0; count < 5; count += 1) await ask('/counted');
    const total = (): number =>
      stage.traffic.reduce((sum, { router, statuses }) => sum + (router === 'counted' ? statuses[1] : 0), 0);
    await expect.poll(total, { timeout: 30_000 }).toBe(5);
  });

  it('goes on after its processes are exchanged', async () => {
    await stage.route([echoing]);
    const before = stage.plane.pids();
    const asking = Array.from({ length: 30 }, async () => (await ask('/')).status);
    await stage.plane.restart();
    expect(new Set(await Promise.all(asking))).toEqual(new Set([200]));
    expect(stage.plane.pids()[0]).not.toBe(before[0]);
    expect((await ask('/')).status).toBe(200);
  });
});

describe.each(kinds)('the %s data plane that asks clients for certificates', (kind) => {
  let friend: CertificatePair;
  let stranger: CertificatePair;
  let stage: PlaneStage;
  beforeAll(async () => {
    friend = await selfSigned(['friend'], systemClock.now(), 21);
    stranger = await selfSigned(['stranger'], systemClock.now(), 22);
    stage = await PlaneStage.start(kind, { clientAuthority: friend.certificate });
    await stage.route([await stage.backends.start(echo)]);
  });
  afterAll(async () => {
    await stage.stop();
  });

  /** What is answered, or why nothing is. */
  const ask = (pair: Partial<typeof friend>): Promise<string> =>
    new Promise((resolve) => {
      const place = { port: stage.ports['https'] ?? 0, host: '127.0.0.1', servername: 'a.test' };
      const socket = connectTls({ ...place, rejectUnauthorized: false, cert: pair.certificate, key: pair.key });
      socket.once('secureConnect', () => socket.write('GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n'));
      let text = '';
      socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
      socket.once('error', (error) => resolve(error.message));
      socket.once('close', () => resolve(text.split('\r\n', 1)[0] ?? ''));
    });

  it('lets in whom the authority knows, and nobody else', async () => {
    expect(await ask(friend)).toBe('HTTP/1.1 200 OK');
    expect(await ask(stranger)).not.toContain('HTTP/1.1');
    expect(await ask({})).not.toContain('HTTP/1.1');
  });
});
