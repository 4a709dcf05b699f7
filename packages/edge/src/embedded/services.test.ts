/** Services made of services, steps that ask others, and other protocols towards servers. */
import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect as connectHttp2, createServer as createHttp2Server, type IncomingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { silentLogger } from '@stadion/base';
import { systemClock } from '@stadion/base/system';
import { afterEach, describe, expect, it } from 'vitest';
import { AccessLogFile, readAccessLogTarget } from '../access-log-file.ts';
import { EdgeStage, echo } from '../testing/edge-stage.ts';

let stage: EdgeStage;
const begin = async (): Promise<EdgeStage> => {
  stage = new EdgeStage();
  return await stage.start();
};
afterEach(async () => {
  await stage.stop();
});

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
const to = (...urls: readonly string[]): object => ({ loadBalancer: { servers: urls.map((url) => ({ url })) } });
const named = (name: string): Promise<string> => stage.backend((_request, response) => response.end(name));
const routes = (service: string, services: object): void =>
  stage.routes({ http: { routers: { all: { rule: 'PathPrefix(`/`)', service } }, services } });
const texts = async (count: number): Promise<readonly string[]> => {
  const found: string[] = [];
  for (let turn = 0; turn < count; turn += 1) found.push(await (await stage.ask('/')).text());
  return found;
};

describe('services of services', () => {
  it('share requests by weight', async () => {
    await begin();
    routes('both', {
      both: {
        weighted: {
          services: [
            { name: 'old', weight: 3 },
            { name: 'new', weight: 1 },
          ],
        },
      },
      old: to(await named('old')),
      new: to(await named('new')),
    });
    const found = await texts(20);
    expect(found.filter((text) => text === 'new').length).toBe(5);
  });

  it('fall back while nobody is behind the first', async () => {
    await begin();
    const services = {
      either: { failover: { service: 'first', fallback: 'second' } },
      second: to(await named('second')),
    };
    routes('either', { ...services, first: to(await named('first')) });
    expect(await texts(1)).toEqual(['first']);
    routes('either', { ...services, first: to() });
    expect(await texts(1)).toEqual(['second']);
  });

  it('copy requests with their bodies, and answer with the original only', async () => {
    await begin();
    const copies: string[] = [];
    const copy = await stage.backend((request, response, body) => {
      copies.push(`${request.method ?? ''} ${request.url ?? ''} ${body.toString()}`);
      response.writeHead(500).end('copy');
    });
    routes('mirrored', {
      mirrored: { mirroring: { service: 'main', mirrors: [{ name: 'copy', percent: 100 }] } },
      main: to(await named('main')),
      copy: to(copy),
    });
    const answer = await stage.ask('/x?y', { method: 'POST', body: 'hello' });
    expect([answer.status, await answer.text()]).toEqual([200, 'main']);
    await expect.poll(() => copies, { timeout: 5_000 }).toEqual(['POST /x?y hello']);
  });

  it('leave out servers that their own checks find bad, and take them in again', async () => {
    await begin();
    let isGood = true;
    const checked = await stage.backend((request, response) => {
      response.writeHead(request.url === '/health' && !isGood ? 500 : 200).end('checked');
    });
    const healthCheck = { path: '/health', interval: '100ms', timeout: '5s' };
    stage.route([checked, await named('other')], {}, { healthCheck });
    isGood = false;
    await expect.poll(async () => new Set(await texts(6)), { timeout: 5_000 }).toEqual(new Set(['other']));
    isGood = true;
    await expect.poll(async () => new Set(await texts(6)), { timeout: 5_000 }).toEqual(new Set(['other', 'checked']));
  });
});

describe('logins that others decide on', () => {
  it('by digest: the right answer to the challenge passes, a wrong one or one for another path does not', async () => {
    await begin();
    const hash = md5('anna:here:secret');
    stage.route([await stage.backend(echo)], {
      login: { digestAuth: { users: [`anna:here:${hash}`], realm: 'here', headerField: 'X-User' } },
    });
    const challenge = (await stage.ask('/a')).headers.get('www-authenticate') ?? '';
    const nonce = /nonce="([^"]+)"/.exec(challenge)?.[1] ?? '';
    const ask = async (path: string, uri: string, ha1: string): Promise<Response> => {
      const response = md5(`${ha1}:${nonce}:00000001:abc:auth:${md5(`GET:${uri}`)}`);
      const authorization = `Digest username="anna", realm="here", nonce="${nonce}", uri="${uri}", qop=auth, nc=00000001, cnonce="abc", response="${response}"`;
      return await stage.ask(path, { headers: { authorization } });
    };
    const right = await ask('/a', '/a', hash);
    expect(right.status).toBe(200);
    expect(JSON.parse(await right.text()).headers['x-user']).toBe('anna');
    expect((await ask('/a', '/a', md5('anna:here:wrong'))).status).toBe(401);
    expect((await ask('/b', '/a', hash)).status).toBe(401);
  });

  it('by another server: its yes lets pass with what it says, its no is the answer, its silence closes', async () => {
    await begin();
    const judge = await stage.backend((request, response) => {
      const isAnna = request.headers.authorization === 'anna' && request.headers['x-forwarded-uri'] === '/secret?x';
      if (isAnna) response.setHeader('x-user', 'anna');
      response.writeHead(isAnna ? 200 : 302, isAnna ? {} : { location: 'https://login.test/' }).end('no');
    });
    const behind = await stage.backend(echo);
    const auth = (address: string): object => ({ ask: { forwardAuth: { address, authResponseHeaders: ['X-User'] } } });
    stage.route([behind], auth(judge));
    const yes = await stage.ask('/secret?x', {
      headers: { authorization: 'anna', 'x-user': 'root', 'x-forwarded-uri': '/open' },
    });
    expect([yes.status, JSON.parse(await yes.text()).headers['x-user']]).toEqual([200, 'anna']);
    const no = await stage.ask('/secret?x', { headers: { 'x-user': 'root' } });
    expect([no.status, no.headers.get('location')]).toEqual([302, 'https://login.test/']);
    stage.route([behind], auth('http://127.0.0.1:1/'));
    expect((await stage.ask('/secret?x')).status).toBe(500);
  });
});

describe('HTTP/2 towards servers', () => {
  it('carries gRPC: a call with its body, the answer with its trailers', async () => {
    await begin();
    const server = createHttp2Server();
    server.on('stream', (stream, headers) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        stream.respond(
          { ':status': 200, 'content-type': 'application/grpc', 'x-path': headers[':path'] },
          { waitForTrailers: true },
        );
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.end(Buffer.concat(chunks));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    routes('grpc', { grpc: to(`h2c://127.0.0.1:${String((server.address() as AddressInfo).port)}`) });
    const session = connectHttp2(`http://127.0.0.1:${String(stage.http)}`);
    const heard = await new Promise<{ head: IncomingHttpHeaders; trailers: IncomingHttpHeaders; body: string }>(
      (resolve, reject) => {
        session.on('error', reject);
        const stream = session.request({
          ':method': 'POST',
          ':path': '/shop.Cart/Add',
          'content-type': 'application/grpc',
          te: 'trailers',
        });
        const heard = { head: {}, trailers: {}, body: '' };
        stream.on('response', (headers) => (heard.head = headers));
        stream.on('trailers', (headers: IncomingHttpHeaders) => (heard.trailers = headers));
        stream.on('data', (chunk: Buffer) => (heard.body += chunk.toString()));
        stream.on('error', reject);
        stream.on('close', () => resolve(heard));
        stream.end('message');
      },
    );
    session.close();
    server.close();
    expect(heard.head).toMatchObject({
      ':status': 200,
      'content-type': 'application/grpc',
      'x-path': '/shop.Cart/Add',
    });
    expect(heard.trailers['grpc-status']).toBe('0');
    expect(heard.body).toBe('message');
  });
});

describe('the access log', () => {
  it('goes to syslog over UDP, one datagram per line', async () => {
    await begin();
    const socket = createSocket('udp4');
    const heard: string[] = [];
    socket.on('message', (bytes) => heard.push(bytes.toString()));
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    const target = readAccessLogTarget(`syslog://127.0.0.1:${String(socket.address().port)}`);
    const log = new AccessLogFile(target, systemClock, silentLogger);
    log.write(['{"status":200}', '{"status":404}']);
    await expect.poll(() => heard.length, { timeout: 5_000 }).toBe(2);
    expect(heard[0]).toMatch(/^<134>1 \d{4}-\d\d-\d\dT\S+ \S+ stadion-edge - access - \{"status":200\}$/);
    await log.close();
    socket.close();
  });
});
