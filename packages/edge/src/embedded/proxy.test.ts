import { connect as connectHttp2, constants } from 'node:http2';
import { createServer as createNetServer, connect, type AddressInfo } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { EdgeStage, echo } from '../testing/edge-stage.ts';
import { matches } from './steps/passwords.ts';

let stage: EdgeStage;
/** What {@link echo} has answered. */
const jsonOf = async (answer: Response): Promise<ReturnType<typeof JSON.parse>> => JSON.parse(await answer.text());
const begin = async (trusted: readonly string[] = []): Promise<EdgeStage> => {
  stage = new EdgeStage();
  return await stage.start(trusted);
};
afterEach(async () => {
  await stage.stop();
});

describe('a request through the edge', () => {
  it('arrives with honest X-Forwarded headers, whatever the client claims', async () => {
    await begin();
    stage.route([await stage.backend(echo)]);
    const answer = await stage.ask('/a?b=1', {
      headers: {
        'x-forwarded-for': '1.2.3.4',
        'x-forwarded-proto': 'https',
        'x-real-ip': '1.2.3.4',
        forwarded: 'for=1',
      },
    });
    const { url, headers } = await jsonOf(answer);
    expect(url).toBe('/a?b=1');
    expect(headers).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-real-ip': '127.0.0.1',
      'x-forwarded-server': 'edge-host',
      host: `127.0.0.1:${stage.http}`,
    });
    expect(headers.forwarded).toBeUndefined();
  });

  it('keeps the chain of a proxy that is believed', async () => {
    await begin(['127.0.0.1']);
    stage.route([await stage.backend(echo)]);
    const answer = await stage.ask('/', { headers: { 'x-forwarded-for': '1.2.3.4', 'x-forwarded-proto': 'https' } });
    expect((await jsonOf(answer)).headers).toMatchObject({
      'x-forwarded-for': '1.2.3.4, 127.0.0.1',
      'x-forwarded-proto': 'https',
    });
  });

  it('carries bodies, small and large, and answers 413 beyond the limit', async () => {
    await begin();
    stage.route([await stage.backend((_request, response, body) => response.end(String(body.length)))]);
    for (const size of [1, 60_000, 300_000]) {
      const answer = await stage.ask('/', { method: 'POST', body: Buffer.alloc(size) });
      expect(await answer.text()).toBe(String(size));
    }
    stage.route([await stage.backend(echo)], { small: { buffering: { maxRequestBodyBytes: 10 } } });
    expect((await stage.ask('/', { method: 'POST', body: Buffer.alloc(11) })).status).toBe(413);
  });

  it('is 404 without a route, 503 with nobody behind it, 502 when nobody answers', async () => {
    await begin();
    expect((await stage.ask('/')).status).toBe(404);
    stage.route([]);
    expect((await stage.ask('/')).status).toBe(503);
    stage.route(['http://127.0.0.1:1']);
    expect((await stage.ask('/')).status).toBe(502);
  });

  it('is tried at another server when one cannot be reached, a POST as well', async () => {
    await begin();
    stage.route(['http://127.0.0.1:1', await stage.backend(echo)]);
    for (let count = 0; count < 6; count += 1) {
      expect((await stage.ask('/', { method: 'POST', body: 'x' })).status).toBe(200);
    }
  });

  it('is tried again when a server drops it, a GET only', async () => {
    await begin();
    let dropped = 0;
    const dropping = await stage.backend((request) => {
      dropped += 1;
      request.socket.destroy();
    });
    stage.route([dropping, await stage.backend(echo)]);
    const gets = await Promise.all([1, 2].map(() => stage.ask('/')));
    expect(gets.map(({ status }) => status)).toEqual([200, 200]);
    const before = dropped;
    const posts = await Promise.all([1, 2].map(() => stage.ask('/', { method: 'POST', body: 'x' })));
    expect(posts.map(({ status }) => status).sort()).toEqual([200, 502]);
    expect(dropped).toBe(before + 1);
  });
});

describe('middlewares', () => {
  it('change paths and say so', async () => {
    await begin();
    stage.route([await stage.backend(echo)], {
      strip: { stripPrefix: { prefixes: ['/api'] } },
      add: { addPrefix: { prefix: '/v1' } },
    });
    const { url, headers } = await jsonOf(await stage.ask('/api//users/../x'));
    expect(url).toBe('/v1/x');
    expect(headers['x-forwarded-prefix']).toBe('/api');
  });

  it('send elsewhere, never to a place with a line break', async () => {
    await begin();
    stage.route([await stage.backend(echo)], { https: { redirectScheme: { scheme: 'https', permanent: true } } });
    const answer = await stage.ask('/a%0d%0aSet-Cookie:x?b', { headers: { host: 'shop.test' } });
    expect(answer.status).toBe(400);
    const good = await stage.ask('/a?b', { method: 'POST' });
    expect([good.status, good.headers.get('location')]).toEqual([308, `https://127.0.0.1:${stage.https}/a?b`]);
  });

  it('ask for a login', async () => {
    await begin();
    const users = ['anna:$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/'];
    stage.route([await stage.backend(echo)], { login: { basicAuth: { users, headerField: 'X-User' } } });
    expect((await stage.ask('/')).headers.get('www-authenticate')).toContain('Basic');
    const wrong = `Basic ${Buffer.from('anna:wrong').toString('base64')}`;
    expect((await stage.ask('/', { headers: { authorization: wrong } })).status).toBe(401);
    const right = `Basic ${Buffer.from('anna:test').toString('base64')}`;
    const answer = await stage.ask('/', { headers: { authorization: right, 'x-user': 'root' } });
    expect((await jsonOf(answer)).headers['x-user']).toBe('anna');
  });

  it('know the hashes of htpasswd and crypt', async () => {
    await begin();
    const right: [string, string][] = [
      ['test', '$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/'],
      [
        'Hello world!',
        '$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
      ],
      ['password', '{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g='],
    ];
    for (const [password, hash] of right) {
      expect(await matches(password, hash), hash).toBe(true);
      expect(await matches(`${password}x`, hash), hash).toBe(false);
    }
  });

  it('limit rates, numbers at once and addresses', async () => {
    await begin();
    const backend = await stage.backend(echo);
    stage.route([backend], { rate: { rateLimit: { average: 1, period: '1h', burst: 2 } } });
    const statuses = [];
    for (let count = 0; count < 3; count += 1) statuses.push((await stage.ask('/')).status);
    expect(statuses).toEqual([200, 200, 429]);
    stage.route([backend], { list: { ipAllowList: { sourceRange: ['10.0.0.0/8'] } } });
    expect((await stage.ask('/')).status).toBe(403);
  });

  it('keep their state when the servers change', async () => {
    await begin();
    const limit = { rate: { rateLimit: { average: 1, period: '1h', burst: 1 } } };
    stage.route([await stage.backend(echo)], limit);
    expect((await stage.ask('/')).status).toBe(200);
    stage.route([await stage.backend(echo)], limit);
    expect((await stage.ask('/')).status).toBe(429);
  });

  it('break the circuit of a service that fails', async () => {
    await begin();
    const failing = await stage.backend((_request, response) => response.writeHead(500).end());
    stage.route([failing], {
      breaker: { circuitBreaker: { expression: 'ResponseCodeRatio(500, 600, 0, 600) > 0.5', checkPeriod: '1ms' } },
    });
    const statuses = new Set<number>();
    for (let count = 0; count < 40; count += 1) statuses.add((await stage.ask('/')).status);
    expect([...statuses].sort()).toEqual([500, 503]);
  });

  it('set headers, answer preflights, compress, and show pages for errors', async () => {
    await begin();
    const long = 'word '.repeat(1_000);
    const backend = await stage.backend((request, response) => {
      response.setHeader('content-type', 'text/plain');
      if (request.url === '/fail') response.writeHead(500);
      response.end(request.url === '/page/500' ? 'sorry' : long);
    });
    stage.routes({
      http: {
        routers: { all: { rule: 'PathPrefix(`/`)', service: 'all', middlewares: ['safe', 'zip', 'pages'] } },
        middlewares: {
          safe: {
            headers: {
              customResponseHeaders: { 'X-Team': 'shop' },
              accessControlAllowOriginList: ['https://a.test'],
              accessControlAllowMethods: ['PUT'],
            },
          },
          zip: { compress: {} },
          pages: { errors: { status: ['500-599'], service: 'all', query: '/page/{status}' } },
        },
        services: { all: { loadBalancer: { servers: [{ url: backend }] } } },
      },
    });
    const answer = await stage.ask('/', { headers: { 'accept-encoding': 'gzip' } });
    expect(answer.headers.get('x-team')).toBe('shop');
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    expect(await answer.text()).toBe(long);
    const failed = await stage.ask('/fail');
    expect([failed.status, await failed.text()]).toEqual([500, 'sorry']);
    const preflight = await stage.raw(
      'OPTIONS / HTTP/1.1\r\nHost: x\r\nOrigin: https://a.test\r\nAccess-Control-Request-Method: PUT\r\nConnection: close\r\n\r\n',
    );
    expect(preflight).toContain('Access-Control-Allow-Methods: PUT');
  });

  it('keep a client at its server by a cookie', async () => {
    await begin();
    const backends = await Promise.all(
      ['a', 'b'].map((name) => stage.backend((_request, response) => response.end(name))),
    );
    stage.route(backends, {}, { sticky: { cookie: { name: 'lb' } } });
    const first = await stage.ask('/');
    const name = await first.text();
    const cookie = (first.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    for (let count = 0; count < 5; count += 1) {
      expect(await (await stage.ask('/', { headers: { cookie } })).text()).toBe(name);
    }
  });

  it('that are missing close the route', async () => {
    await begin();
    stage.routes({
      http: {
        routers: { all: { rule: 'PathPrefix(`/`)', service: 'all', middlewares: ['login'] } },
        services: { all: { loadBalancer: { servers: [{ url: await stage.backend(echo) }] } } },
      },
    });
    expect((await stage.ask('/')).status).toBe(500);
  });
});

describe('other protocols', () => {
  it('join WebSockets, and no other upgrade', async () => {
    await begin();
    stage.route([await stage.backend(echo)]);
    const head = (protocol: string): string =>
      `GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`;
    const heard = await new Promise<string>((resolve) => {
      const socket = connect(stage.http, '127.0.0.1', () => socket.write(head('websocket')));
      let text = '';
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (text.endsWith('\r\n\r\n')) socket.write('ping');
        if (text.endsWith('ping')) {
          socket.destroy();
          resolve(text);
        }
      });
    });
    expect(heard).toContain('101 Switching Protocols');
    expect(await stage.raw(head('h2c'))).toContain('HTTP/1.1 200');
  });

  it('speak HTTP/2 with and without TLS, with trailers', async () => {
    await begin();
    const backend = await stage.backend((_request, response) => {
      response.writeHead(200, { trailer: 'x-end' });
      response.write('body');
      response.addTrailers({ 'x-end': 'yes' });
      response.end();
    });
    stage.route([backend]);
    for (const url of [`http://127.0.0.1:${stage.http}`, `https://127.0.0.1:${stage.https}`]) {
      const session = connectHttp2(url, { rejectUnauthorized: false });
      const stream = session.request({ [constants.HTTP2_HEADER_PATH]: '/x' });
      const trailers = await new Promise<Record<string, unknown>>((resolve, reject) => {
        let found: Record<string, unknown> = {};
        stream.on('error', reject);
        session.on('error', reject);
        stream.on('trailers', (headers: Record<string, unknown>) => (found = headers));
        stream.on('close', () => resolve(found));
        stream.resume();
      });
      session.close();
      expect(trailers['x-end'], url).toBe('yes');
    }
  });

  it('show each name its certificate, and exchange it without closing', async () => {
    await begin();
    stage.route([await stage.backend(echo)]);
    const subject = (): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = connectTls({
          port: stage.https,
          host: '127.0.0.1',
          servername: 'secure.test',
          rejectUnauthorized: false,
        });
        socket.once('error', reject);
        socket.once('secureConnect', () => {
          resolve(socket.getPeerCertificate().fingerprint256);
          socket.destroy();
        });
      });
    const before = await subject();
    const { selfSigned } = await import('../certs/self-signed.ts');
    stage.certificates.set([await selfSigned(['secure.test'], 1_900_000_000_000, 8)]);
    expect(await subject()).not.toBe(before);
  });

  it('pass TLS on by its server name, with a PROXY header where one is wanted', async () => {
    await begin();
    const heard: Buffer[] = [];
    const server = createNetServer((socket) =>
      socket.on('data', (chunk) => heard.push(chunk)).on('error', () => undefined),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    stage.routes({
      tcp: {
        routers: { db: { rule: 'HostSNI(`db.test`)', service: 'db', tls: { passthrough: true } } },
        services: {
          db: { loadBalancer: { servers: [{ address: `127.0.0.1:${port}` }], proxyProtocol: { version: 2 } } },
        },
      },
    });
    const client = connectTls({ port: stage.https, host: '127.0.0.1', servername: 'db.test' });
    client.on('error', () => undefined);
    await expect.poll(() => Buffer.concat(heard).length).toBeGreaterThan(100);
    expect(Buffer.concat(heard).subarray(0, 12).toString('latin1')).toBe('\r\n\r\n\0\r\nQUIT\n');
    expect(Buffer.concat(heard)[28]).toBe(22);
    client.destroy();
    server.close();
  });

  it('believe the PROXY header of a proxy that is believed', async () => {
    await begin(['127.0.0.1']);
    stage.route([await stage.backend(echo)]);
    const answer = await stage.raw(
      'PROXY TCP4 9.8.7.6 127.0.0.1 5000 80\r\nGET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    );
    expect(answer).toContain('"x-forwarded-for":"9.8.7.6"');
  });
});
