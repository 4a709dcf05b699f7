/** Probes over the network of this machine. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { describeError, errorCode, type Timers } from '@stadion/base';
import type { ProbeAnswer } from '../../core/probe.ts';
import { PROBE_ANSWER_BYTES_MAX } from '../../limits.ts';
import type { Prober, ProbeRequest } from '../../ports/prober.ts';

/** Another address is tried when nobody listens on this one. */
const NOBODY_THERE = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT']);

type HttpProbe = Extract<ProbeRequest, { kind: 'http' }>;
type TcpProbe = Extract<ProbeRequest, { kind: 'tcp' }>;

/** An answer, or a failure that tells whether another address may do better. */
type Attempt = ProbeAnswer & { readonly tryNext?: boolean };

/**
 * Makes a prober. Redirects are not followed, certificates not checked (Marathon's rules); an answer counts from its
 * status line on. Each probe has its own connection.
 */
export function createNetworkProber(options: { readonly timers: Timers }): Prober {
  return new NetworkProber(options.timers);
}

class NetworkProber implements Prober {
  private readonly timers: Timers;
  private readonly underWay = new Set<() => void>();

  constructor(timers: Timers) {
    this.timers = timers;
  }

  async probe(request: ProbeRequest): Promise<ProbeAnswer> {
    try {
      return await this.withTimeout(request);
    } catch (error) {
      return { kind: 'failed', cause: describeError(error) };
    }
  }

  async close(): Promise<void> {
    for (const cancel of this.underWay) cancel();
  }

  private withTimeout(request: ProbeRequest): Promise<ProbeAnswer> {
    return new Promise((resolve, reject) => {
      const controller = new AbortController();
      const settle = (answer: ProbeAnswer): void => {
        timer.cancel();
        this.underWay.delete(cancel);
        resolve(answer);
      };
      const cancel = (): void => {
        controller.abort();
        settle({ kind: 'failed', cause: 'the agent is being stopped' });
      };
      const timer = this.timers.after(request.timeoutMs, () => {
        controller.abort();
        settle({ kind: 'failed', cause: `no answer within ${request.timeoutMs / 1000} s` });
      });
      this.underWay.add(cancel);
      run(request, controller.signal).then(settle, (error: unknown) => {
        timer.cancel();
        this.underWay.delete(cancel);
        reject(error instanceof Error ? error : new Error(String(error)));
      });
    });
  }
}

async function run(request: ProbeRequest, signal: AbortSignal): Promise<ProbeAnswer> {
  switch (request.kind) {
    case 'http':
      return tryAddresses(request.addresses, (address) => askHttp(request, address, signal));
    case 'tcp':
      return tryAddresses(request.addresses, (address) => askTcp(request, address, signal));
    case 'command':
      return { kind: 'failed', cause: 'a command is not asked over the network' };
  }
}

async function tryAddresses(
  addresses: readonly string[],
  ask: (address: string) => Promise<Attempt>,
): Promise<ProbeAnswer> {
  let last: ProbeAnswer = { kind: 'failed', cause: 'there is no address to ask' };
  for (const address of addresses) {
    const { tryNext, ...answer } = await ask(address);
    last = answer;
    if (tryNext !== true) break;
  }
  return last;
}

function failedAttempt(error: unknown): Attempt {
  return { kind: 'failed', cause: describeError(error), tryNext: NOBODY_THERE.has(errorCode(error) ?? '') };
}

function askHttp(request: HttpProbe, address: string, signal: AbortSignal): Promise<Attempt> {
  return new Promise((resolve, reject) => {
    const path = request.path.startsWith('/') ? request.path : `/${request.path}`;
    const options = { host: address, port: request.port, path, method: 'GET', agent: false as const, signal };
    const headers = { connection: 'close', accept: '*/*', 'user-agent': 'stadion-agent' };
    const onResponse = (response: IncomingMessage): void => {
      const status = response.statusCode ?? 0;
      const contentType = response.headers['content-type'] ?? 'text/plain';
      if (!request.wantsBody) {
        response.destroy();
        resolve({ kind: 'http', status, contentType, body: '' });
        return;
      }
      readBody(response).then((body) => resolve({ kind: 'http', status, contentType, body }), reject);
    };
    const outgoing =
      request.scheme === 'https'
        ? httpsRequest({ ...options, headers, rejectUnauthorized: false }, onResponse)
        : httpRequest({ ...options, headers }, onResponse);
    outgoing.once('error', (error) => resolve(failedAttempt(error)));
    outgoing.end();
  });
}

async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    if (!Buffer.isBuffer(chunk)) continue;
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= PROBE_ANSWER_BYTES_MAX) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

function askTcp(request: TcpProbe, address: string, signal: AbortSignal): Promise<Attempt> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: request.port, signal });
    socket.once('connect', () => {
      socket.destroy();
      resolve({ kind: 'tcp' });
    });
    socket.once('error', (error) => resolve(failedAttempt(error)));
  });
}
