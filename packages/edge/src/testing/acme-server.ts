/**
 * A small certificate authority that speaks ACME (RFC 8555), for tests: it checks signatures and nonces, and asks for each
 * challenge for real before it issues. Certificates are signed by openssl.
 */
import { execFile } from 'node:child_process';
import { createHash, createPublicKey, verify, type JsonWebKey } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { promisify } from 'node:util';
import { randomUuid } from '@stadion/base';
import { SystemRandom } from '@stadion/base/system';

const run = promisify(execFile);
const random = new SystemRandom();

/** Where challenges are looked for, in place of ports 80 and 443 of the name, and of its zone. */
export interface ChallengePlaces {
  readonly http: () => number;
  readonly https: () => number;
  readonly txt: (record: string) => Promise<readonly string[]>;
}

interface Order {
  readonly names: readonly string[];
  readonly thumbprint: string;
  readonly token: string;
  readonly valid: Set<string>;
  problem: string | undefined;
  certificate: string | undefined;
}

interface Signed {
  /** undefined: somebody only looks (POST-as-GET, section 6.3). */
  readonly payload: Record<string, unknown> | undefined;
  readonly jwk: JsonWebKey;
}

const NOT_HEARD = 'urn:ietf:params:acme:error:unauthorized';

/** The authority. */
export class AcmeServer {
  url = '';
  /** What challenges were found good, `http-01 a.test`. */
  readonly validated: string[] = [];
  private readonly places: ChallengePlaces;
  private readonly folder: string;
  private readonly server: Server;
  private readonly nonces = new Set<string>();
  private readonly accounts = new Map<string, JsonWebKey>();
  private readonly orders: Order[] = [];

  private constructor(places: ChallengePlaces, folder: string) {
    this.places = places;
    this.folder = folder;
    this.server = createServer((request, response) => {
      this.serve(request, response).catch((error: unknown) => {
        const detail = error instanceof Error ? error.message : String(error);
        this.say(response, 400, { type: 'urn:ietf:params:acme:error:malformed', detail });
      });
    });
  }

  static async start(places: ChallengePlaces): Promise<AcmeServer> {
    const folder = await mkdtemp(join(tmpdir(), 'stadion-acme-'));
    const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30'];
    await run('openssl', [
      ...made,
      '-subj',
      '/CN=Test authority',
      '-keyout',
      join(folder, 'ca.key'),
      '-out',
      join(folder, 'ca.crt'),
    ]);
    const authority = new AcmeServer(places, folder);
    await new Promise<void>((resolve) => authority.server.listen(0, '127.0.0.1', resolve));
    authority.url = `http://127.0.0.1:${String((authority.server.address() as AddressInfo).port)}`;
    return authority;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url } = this;
    const path = request.url ?? '/';
    if (path === '/directory') {
      this.say(response, 200, {
        newNonce: `${url}/nonce`,
        newAccount: `${url}/account`,
        newOrder: `${url}/order`,
        meta: {},
      });
      return;
    }
    if (path === '/nonce') {
      this.say(response, 200, {});
      return;
    }
    const { payload, jwk } = await this.read(request);
    const isAsked = payload !== undefined;
    const [, kind, number = '', name = ''] = path.split('/');
    if (kind === 'account') this.newAccount(response, jwk);
    else if (path === '/order') this.newOrder(response, payload ?? {}, jwk);
    else {
      const order = this.orders[Number(number)];
      if (order === undefined) throw new Error('There is no such order.');
      if (kind === 'order') this.sayOrder(response, order, number);
      else if (kind === 'authorization') {
        this.say(response, 200, this.authorizationOf(order, number, decodeURIComponent(name)));
      } else if (kind === 'challenge') {
        const type = path.split('/')[4] ?? '';
        if (isAsked) await this.validate(order, decodeURIComponent(name), type);
        this.sayChallenge(response, order, number, decodeURIComponent(name), type);
      } else if (kind === 'finalize') await this.finalize(response, order, number, String(payload?.['csr']));
      else if (kind === 'certificate') {
        this.say(response, 200, order.certificate ?? '', 'application/pem-certificate-chain');
      }
    }
  }

  /** A request as JWS (RFC 7515): its signature, nonce and URL have to be right. */
  private async read(request: IncomingMessage): Promise<Signed> {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const {
      protected: head,
      payload,
      signature,
    } = JSON.parse(text) as Record<'protected' | 'payload' | 'signature', string>;
    const header = jsonOf(head) as {
      readonly alg: string;
      readonly nonce: string;
      readonly url: string;
      readonly kid?: string;
      readonly jwk?: JsonWebKey;
    };
    if (!this.nonces.delete(header.nonce)) throw new Error('The nonce is not known.');
    if (header.url !== `${this.url}${request.url ?? ''}`) throw new Error('The URL is another one.');
    const jwk = header.jwk ?? this.accounts.get(header.kid ?? '');
    if (jwk === undefined) throw new Error('There is no such account.');
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    const isGood = verify(
      'sha256',
      Buffer.from(`${head}.${payload}`),
      { key, dsaEncoding: 'ieee-p1363' },
      Buffer.from(signature, 'base64url'),
    );
    if (!isGood) throw new Error('The signature is wrong.');
    return { payload: payload === '' ? undefined : (jsonOf(payload) as Record<string, unknown>), jwk };
  }

  private newAccount(response: ServerResponse, jwk: JsonWebKey): void {
    const location = `${this.url}/account/${thumbprintOf(jwk)}`;
    this.accounts.set(location, jwk);
    response.setHeader('location', location);
    this.say(response, 201, { status: 'valid' });
  }

  private newOrder(response: ServerResponse, payload: Record<string, unknown>, jwk: JsonWebKey): void {
    const names = (payload['identifiers'] as { readonly value: string }[]).map(({ value }) => value);
    const token = randomUuid(random);
    const order: Order = {
      names,
      token,
      thumbprint: thumbprintOf(jwk),
      valid: new Set(),
      problem: undefined,
      certificate: undefined,
    };
    const number = String(this.orders.push(order) - 1);
    response.setHeader('location', `${this.url}/order/${number}`);
    this.sayOrder(response, order, number, 201);
  }

  private sayOrder(response: ServerResponse, order: Order, number: string, status = 200): void {
    const { names, valid, certificate, problem } = order;
    const state =
      problem !== undefined
        ? 'invalid'
        : certificate !== undefined
          ? 'valid'
          : valid.size === names.length
            ? 'ready'
            : 'pending';
    this.say(response, status, {
      status: state,
      identifiers: names.map((value) => ({ type: 'dns', value })),
      authorizations: names.map((name) => `${this.url}/authorization/${number}/${encodeURIComponent(name)}`),
      finalize: `${this.url}/finalize/${number}`,
      ...(certificate === undefined ? {} : { certificate: `${this.url}/certificate/${number}` }),
    });
  }

  private authorizationOf(
    order: Order,
    number: string,
    name: string,
  ): {
    readonly status: string;
    readonly identifier: object;
    readonly challenges: readonly { readonly type: string }[];
  } {
    const status = order.valid.has(name) ? 'valid' : order.problem === undefined ? 'pending' : 'invalid';
    const challenges = ['http-01', 'tls-alpn-01', 'dns-01'].map((type) => ({
      ...{
        type,
        status,
        token: order.token,
        url: `${this.url}/challenge/${number}/${encodeURIComponent(name)}/${type}`,
      },
      ...(order.problem === undefined ? {} : { error: { type: NOT_HEARD, detail: order.problem } }),
    }));
    return { status, identifier: { type: 'dns', value: name.replace(/^\*\./, '') }, challenges };
  }

  private async validate(order: Order, name: string, type: string): Promise<void> {
    const keyAuthorization = `${order.token}.${order.thumbprint}`;
    try {
      if (await this.isAnswered(type, name.replace(/^\*\./, ''), order.token, keyAuthorization)) {
        order.valid.add(name);
        this.validated.push(`${type} ${name}`);
      } else order.problem = `The answer to ${type} for ${name} is wrong.`;
    } catch (error) {
      order.problem = `Nobody answers ${type} for ${name}: ${String(error)}`;
    }
  }

  private sayChallenge(response: ServerResponse, order: Order, number: string, name: string, type: string): void {
    const { challenges } = this.authorizationOf(order, number, name);
    this.say(response, 200, challenges.find((one) => one.type === type) ?? {});
  }

  private async isAnswered(type: string, name: string, token: string, keyAuthorization: string): Promise<boolean> {
    const digest = createHash('sha256').update(keyAuthorization).digest();
    if (type === 'http-01') {
      const port = this.places.http();
      return (await textAt(port, name, `/.well-known/acme-challenge/${token}`)).trim() === keyAuthorization;
    }
    if (type === 'dns-01') {
      return (await this.places.txt(`_acme-challenge.${name}`)).includes(digest.toString('base64url'));
    }
    const shown = await certificateAt(this.places.https(), name);
    return shown.includes(digest);
  }

  private async finalize(response: ServerResponse, order: Order, number: string, csr: string): Promise<void> {
    if (order.valid.size !== order.names.length) throw new Error('The order is not ready.');
    const [request, certificate] = ['csr', 'crt'].map((ending) => join(this.folder, `${number}.${ending}`));
    await writeFile(request ?? '', Buffer.from(csr, 'base64url'));
    const signing = [
      'x509',
      '-req',
      '-inform',
      'DER',
      '-in',
      request ?? '',
      '-CA',
      join(this.folder, 'ca.crt'),
      '-CAkey',
      join(this.folder, 'ca.key'),
    ];
    await run('openssl', [...signing, '-copy_extensions', 'copyall', '-days', '90', '-out', certificate ?? '']);
    order.certificate = `${await readFile(certificate ?? '', 'utf8')}${await readFile(join(this.folder, 'ca.crt'), 'utf8')}`;
    this.sayOrder(response, order, number);
  }

  private say(response: ServerResponse, status: number, body: object | string, type = 'application/json'): void {
    const nonce = randomUuid(random);
    this.nonces.add(nonce);
    response.writeHead(status, { 'content-type': type, 'replay-nonce': nonce });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  }
}

function jsonOf(base64: string): unknown {
  return JSON.parse(Buffer.from(base64, 'base64url').toString('utf8'));
}

/** RFC 7638. */
function thumbprintOf({ crv, kty, x, y }: JsonWebKey): string {
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
}

function textAt(port: number, host: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', path, headers: { host }, agent: false }, (answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
      answer.on('end', () => resolve(text));
    }).once('error', reject);
  });
}

/** What is shown to somebody who speaks `acme-tls/1`, as DER. */
function certificateAt(port: number, servername: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      port,
      host: '127.0.0.1',
      servername,
      ALPNProtocols: ['acme-tls/1'],
      rejectUnauthorized: false,
    });
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      const isSpoken = socket.alpnProtocol === 'acme-tls/1';
      resolve(isSpoken ? socket.getPeerCertificate().raw : Buffer.alloc(0));
      socket.destroy();
    });
  });
}
