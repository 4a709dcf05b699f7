/** What a server that does not lead answers: whatever the leader answers, or, when there is none in time, that. */
import { Agent, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Duplex } from 'node:stream';
import { authorizationOf, type Secret } from '@stadion/access';
import { delay, type Clock, type Timers } from '@stadion/base';
import { joinStreams } from '@stadion/base/join-streams';
import { refusalOf, type Admission } from '../admission.ts';
import { VIA_HEADER } from '../audit-origin.ts';
import { AGENT_LINK_PATH } from '../agent-link/link-wire.ts';
import { refuseUpgrade } from '../agent-link/http-acceptor.ts';
import { HOLD_MS_MAX, HOLD_POLL_MS, PROXIED_REQUESTS_MAX, PROXY_CONNECT_MS_MAX } from '../limits.ts';
import { requestTo, shown } from '../tls/requests.ts';
import type { Front, FrontHandler } from './front.ts';

/** Of one hop only, or made anew for the next. What browsers say of their page was judged here. */
const HOP_HEADERS = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'host',
  'origin',
  'sec-fetch-site',
  'sec-fetch-mode',
  'sec-fetch-dest',
]);

/** What a proxy needs. */
export interface LeaderProxyOptions {
  readonly front: () => Front;
  /** The leader's URL for this port, while another server leads. */
  readonly leader: () => string | undefined;
  readonly admission: Admission;
  readonly secret: Secret | undefined;
  readonly time: Clock & Timers;
  /** `//host:port` of the leading master is given at this path instead of passing on. */
  readonly redirectPaths?: ReadonlySet<string>;
  /** Answered here: this process lives. */
  readonly healthPaths?: ReadonlySet<string>;
  /** Answered here, to those who may read it: what is asked of this process and not of the cluster. */
  readonly own?: { isFor(path: string): boolean; readonly handler: FrontHandler };
  /** Names in answers that were passed on, under this name, who did so: `1.1 host:port`. */
  readonly viaHeader?: string;
}

/** Passes requests, streams and upgrades on to the leader, errors and all. */
export class LeaderProxy implements FrontHandler {
  private readonly options: LeaderProxyOptions;
  private readonly agents = {
    'http:': new Agent({ maxSockets: PROXIED_REQUESTS_MAX }),
    'https:': new HttpsAgent({ maxSockets: PROXIED_REQUESTS_MAX }),
  };

  constructor(options: LeaderProxyOptions) {
    this.options = options;
  }

  request(request: IncomingMessage, response: ServerResponse): void {
    const { admission, healthPaths, redirectPaths, own } = this.options;
    const refused = refusalOf(request, admission);
    if (refused !== undefined) {
      answer(response, refused.status, refused.message, refused.headers);
      return;
    }
    const path = request.url?.split('?')[0] ?? '';
    if (own?.isFor(path) === true) own.handler.request(request, response);
    else if (healthPaths?.has(path) === true) response.writeHead(200).end();
    else if (redirectPaths?.has(path) === true) this.redirect(response);
    else if (request.headers[VIA_HEADER] === undefined) void this.passOn(request, response);
    else void this.holdForOwn(request, response);
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const refused = refusalOf(request, this.options.admission);
    if (refused !== undefined) {
      refuseUpgrade(socket, refused.status, refused.message, refused.headers);
      return;
    }
    const leader = this.options.leader();
    if (leader === undefined || request.headers[VIA_HEADER] !== undefined) {
      refuseUpgrade(socket, 503, NO_LEADER);
      return;
    }
    // An agent's link goes straight to the leader: it is for as long as that leads.
    if (request.url?.split('?')[0] === AGENT_LINK_PATH) {
      refuseUpgrade(socket, 307, 'The leader takes agents.', { Location: new URL(AGENT_LINK_PATH, leader).href });
      return;
    }
    this.tunnel(request, socket, head, new URL(leader));
  }

  private redirect(response: ServerResponse): void {
    const leader = this.options.leader();
    if (leader === undefined) answer(response, 503, NO_LEADER);
    else response.writeHead(307, { Location: `//${new URL(leader).host}` }).end();
  }

  private async passOn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { time, front } = this.options;
    const end = time.monotonic() + HOLD_MS_MAX;
    let problem = NO_LEADER;
    while (!response.destroyed) {
      // This server may have become the leader meanwhile.
      if (!front().isServing(this)) {
        front().dispatch(request, response);
        return;
      }
      const leader = this.options.leader();
      if (leader !== undefined) {
        const outcome = await this.forward(request, response, new URL(leader));
        if (outcome === 'done') return;
        problem = `The leader at ${leader} cannot be reached. Try again in a moment.`;
      }
      if (time.monotonic() >= end) break;
      await delay(time, HOLD_POLL_MS);
    }
    answer(response, 503, problem);
  }

  /** Passed on by a server that believes that this one leads: it may be about to. */
  private async holdForOwn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { time, front } = this.options;
    const end = time.monotonic() + HOLD_MS_MAX;
    while (!response.destroyed && time.monotonic() < end) {
      if (!front().isServing(this)) {
        front().dispatch(request, response);
        return;
      }
      await delay(time, HOLD_POLL_MS);
    }
    answer(response, 503, NO_LEADER);
  }

  /** `unreachable`: nothing of the request was sent, it may be tried again. */
  private forward(request: IncomingMessage, response: ServerResponse, leader: URL): Promise<'done' | 'unreachable'> {
    return new Promise((settle) => {
      let isSent = false;
      const onGone = (): void => {
        upstream.destroy();
        settle('done');
      };
      const resolve = (outcome: 'done' | 'unreachable'): void => {
        response.off('close', onGone);
        settle(outcome);
      };
      const isTls = leader.protocol === 'https:';
      const upstream = requestTo(leader, this.options.admission.tls, {
        agent: this.agents[isTls ? 'https:' : 'http:'],
        method: request.method,
        path: request.url,
        headers: this.headersFor(request, leader),
        timeout: PROXY_CONNECT_MS_MAX,
      });
      upstream.on('socket', (socket) => {
        socket.once(isTls ? 'secureConnect' : 'connect', () => {
          isSent = true;
          socket.setTimeout(0);
          request.pipe(upstream);
        });
      });
      upstream.on('timeout', () => upstream.destroy(new Error('it does not accept the connection')));
      upstream.on('response', (reply) => {
        const headers = Object.fromEntries(Object.entries(reply.headers).filter(([name]) => !HOP_HEADERS.has(name)));
        const { viaHeader } = this.options;
        if (viaHeader !== undefined) headers[viaHeader] = `1.1 ${request.headers.host ?? 'a server'}`;
        response.writeHead(reply.statusCode ?? 502, headers);
        response.flushHeaders();
        reply.pipe(response);
        // An answer that breaks off must look like one: an orderly end would pass for the whole.
        reply.on('error', () => response.destroy());
        reply.on('aborted', () => response.destroy());
        reply.on('end', () => {
          resolve('done');
        });
      });
      upstream.on('error', () => {
        if (!isSent && !response.headersSent) {
          resolve('unreachable');
          return;
        }
        if (response.headersSent) response.destroy();
        else answer(response, 502, 'The leader was lost before it answered; whether the change was made is not known.');
        resolve('done');
      });
      response.once('close', onGone);
    });
  }

  private tunnel(request: IncomingMessage, socket: Duplex, head: Buffer, leader: URL): void {
    const host = leader.hostname.replace(/^\[|\]$/g, '');
    const isTls = leader.protocol === 'https:';
    const to = { host, port: Number(leader.port), allowHalfOpen: true };
    const upstream = isTls ? connectTls({ ...to, ...shown(this.options.admission.tls) }) : connect(to);
    const headers = {
      ...this.headersFor(request, leader),
      connection: 'Upgrade',
      upgrade: request.headers.upgrade ?? '',
    };
    const lines = Object.entries(headers).flatMap(([name, value]) =>
      [value].flat().map((one) => `${name}: ${one}\r\n`),
    );
    upstream.on(isTls ? 'secureConnect' : 'connect', () => {
      upstream.setNoDelay(true);
      upstream.write(`${request.method ?? 'GET'} ${request.url ?? '/'} HTTP/1.1\r\n${lines.join('')}\r\n`);
      upstream.write(head);
      void joinStreams(socket, upstream);
    });
    upstream.on('error', () => socket.destroy());
    socket.on('error', () => upstream.destroy());
    socket.on('close', () => {
      if (upstream.connecting) upstream.destroy();
    });
  }

  private headersFor(request: IncomingMessage, leader: URL): Record<string, string | string[]> {
    const headers: Record<string, string | string[]> = {};
    for (const [name, value] of Object.entries(request.headers)) {
      if (value !== undefined && !HOP_HEADERS.has(name)) headers[name] = value;
    }
    const { secret, admission } = this.options;
    const from = request.socket.remoteAddress ?? 'unknown';
    const before = request.headers['x-forwarded-for'];
    return {
      ...headers,
      host: leader.host,
      'x-forwarded-host': request.headers.host ?? '',
      'x-forwarded-for': before === undefined ? from : `${[before].flat().join(', ')}, ${from}`,
      [VIA_HEADER]: request.headers.host ?? 'a server',
      // It was let in here because it comes from this machine; there it does not.
      ...(secret === undefined || admission.access !== undefined || 'authorization' in headers
        ? {}
        : { authorization: authorizationOf(secret) }),
    };
  }
}

const NO_LEADER =
  'No server leads at the moment. Try again in a few seconds. If it lasts, look at ZooKeeper: nobody leads while most of it is gone.';

function answer(
  response: ServerResponse,
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.destroyed || response.headersSent) return;
  const retry = status === 503 ? { 'Retry-After': '2' } : {};
  response.writeHead(status, { 'Content-Type': 'application/json', ...retry, ...headers });
  response.end(`${JSON.stringify({ message })}\n`);
}
