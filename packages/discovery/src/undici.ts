/** `fetch` and an undici dispatcher that take `service://name/path`. */
import { errorCode } from '@stadion/base';
import { Agent, fetch as undiciFetch, type Dispatcher, type RequestInit, type Response } from 'undici';
import { callService, type Attempt, type CallSettings } from './call.ts';
import type { Candidate } from './core/candidate.ts';
import type { ServiceNode } from './core/service-node.ts';
import { noNode, type FollowedService, type Hub } from './hub.ts';

const SCHEME = 'service:';
/** Methods that may be repeated although the first attempt may have been carried out (RFC 9110, 9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);
/** Failures before anything was sent: nothing can have been carried out. */
const NOT_SENT: ReadonlySet<string | undefined> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);
/** Nodes that may turn out not to be there in one request. */
const UNSENT_MAX = 10;
/** Answers that say: not I, perhaps another. */
const ELSEWHERE: ReadonlySet<number> = new Set([502, 503, 504]);

/** Options of one fetch. */
export type ServiceRequestInit = RequestInit & Omit<CallSettings, 'signal'>;

/** Makes a `fetch`. Other schemes pass through as they are. */
export function serviceFetch(hub: Hub, defaults: CallSettings = {}) {
  const agent = new Agent();
  const call = async (input: string | URL, init: ServiceRequestInit = {}): Promise<Response> => {
    const url = new URL(input);
    const { criteria, attempts, deadlineMs, hedgeAfterMs, ...request } = init;
    if (url.protocol !== SCHEME) return await undiciFetch(url, request);
    const mayRepeat = isRepeatable(request);
    const { signal } = request;
    const given = Object.fromEntries(
      Object.entries({ criteria, attempts, deadlineMs, hedgeAfterMs: mayRepeat ? hedgeAfterMs : undefined }).filter(
        ([, value]) => value !== undefined,
      ),
    );
    const settings: CallSettings = {
      ...defaults,
      ...given,
      ...(signal instanceof AbortSignal ? { signal } : {}),
    };
    return await callService(
      hub.service(url.hostname),
      hub.clock,
      (node, ending) => askOnce(agent, urlAt(node, url), request, mayRepeat, ending),
      settings,
    );
  };
  return Object.assign(call, { close: () => agent.close() });
}

async function askOnce(
  agent: Agent,
  url: string,
  request: RequestInit,
  mayRepeat: boolean,
  ending: AbortSignal,
): Promise<Attempt<Response>> {
  // Not the call's own signal: once headers are there, the body belongs to the caller, who may take his time.
  const attempt = new AbortController();
  const abort = (): void => attempt.abort(ending.reason);
  ending.addEventListener('abort', abort, { once: true });
  try {
    const response = await undiciFetch(url, { ...request, dispatcher: agent, signal: attempt.signal });
    if (!ELSEWHERE.has(response.status)) return { kind: 'done', value: response };
    return { kind: 'failed', mayRepeat, error: undefined, value: response };
  } catch (error) {
    const code = errorCode(error instanceof Error ? error.cause : undefined) ?? errorCode(error);
    return { kind: 'failed', mayRepeat: NOT_SENT.has(code) ? 'freely' : mayRepeat, error };
  } finally {
    ending.removeEventListener('abort', abort);
    const { signal } = request;
    if (signal instanceof AbortSignal) {
      signal.addEventListener('abort', () => attempt.abort(signal.reason), { once: true });
    }
  }
}

/** A body that is a stream is gone after the first attempt. */
function isRepeatable({ method = 'GET', body }: RequestInit): boolean {
  const isWhole = body === undefined || body === null || typeof body === 'string' || body instanceof Uint8Array;
  return IDEMPOTENT.has(method.toUpperCase()) && isWhole;
}

function urlAt({ host, port, portScheme }: ServiceNode, { pathname, search }: URL): string {
  const scheme = portScheme?.toLowerCase() === 'https' ? 'https' : 'http';
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${String(port)}${pathname}${search}`;
}

/**
 * A dispatcher: `dispatcher.request({ origin: 'service://demo', path: '/hello', method: 'GET' })`. Another node is tried
 * while no answer has begun and the request may be repeated.
 */
export function serviceDispatcher(
  hub: Hub,
  options: { readonly attempts?: number; readonly agent?: Agent.Options } = {},
) {
  const attempts = options.attempts ?? 3;
  const interceptor: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (request, handler) => {
    const origin = String(request.origin ?? '');
    if (!origin.startsWith(SCHEME)) return dispatch(request, handler);
    const service = hub.service(new URL(origin).hostname);
    const begin = (): void => new Dispatching(hub, service, dispatch, request, handler, attempts).begin();
    if (service.pool.size > 0) begin();
    else void service.ready.then(begin);
    return true;
  };
  return new Agent(options.agent).compose(interceptor);
}

/** One request through the dispatcher, on one node after the other. */
class Dispatching {
  private readonly hub: Hub;
  private readonly service: FollowedService;
  private readonly dispatch: Dispatcher['dispatch'];
  private readonly request: Dispatcher.DispatchOptions;
  private readonly handler: Dispatcher.DispatchHandler;
  private readonly attempts: number;
  private readonly tried = new Set<Candidate>();
  private readonly mayRepeat: boolean;

  constructor(
    hub: Hub,
    service: FollowedService,
    dispatch: Dispatcher['dispatch'],
    request: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
    attempts: number,
  ) {
    this.hub = hub;
    this.service = service;
    this.dispatch = dispatch;
    this.request = request;
    this.handler = handler;
    this.attempts = attempts;
    const { body, method } = request;
    const isWhole = body === undefined || body === null || typeof body === 'string' || body instanceof Uint8Array;
    this.mayRepeat = IDEMPOTENT.has(method) && isWhole;
  }

  /** Where nothing was sent, nobody has had work: that needs no budget. */
  private mayTryAgain(isUnsent: boolean): boolean {
    if (isUnsent) return this.tried.size < UNSENT_MAX;
    return this.mayRepeat && this.tried.size < this.attempts && this.service.budget.take();
  }

  begin(): void {
    const { service, handler } = this;
    const candidate = service.pool.pick(undefined, this.tried);
    if (candidate === undefined) {
      handler.onResponseError?.(NO_CONTROLLER, noNode(service));
      return;
    }
    this.tried.add(candidate);
    if (this.tried.size === 1) service.budget.called();
    service.pool.began(candidate);
    const clock = this.hub.clock;
    const beganAt = clock.monotonic();
    let isCounted = false;
    const count = (outcome: 'ok' | 'failed'): void => {
      if (isCounted) return;
      isCounted = true;
      service.pool.ended(candidate, outcome, clock.monotonic() - beganAt);
    };
    let hasBegun = false;
    const origin = new URL(urlAt(candidate.node, new URL('http://x/'))).origin;
    this.dispatch(
      { ...this.request, origin },
      {
        onRequestStart: (controller, context) => handler.onRequestStart?.(controller, context),
        onRequestUpgrade: (controller, status, headers, socket) => {
          count('ok');
          handler.onRequestUpgrade?.(controller, status, headers, socket);
        },
        onResponseStart: (controller, status, headers, message) => {
          hasBegun = true;
          count(ELSEWHERE.has(status) ? 'failed' : 'ok');
          handler.onResponseStart?.(controller, status, headers, message);
        },
        onResponseData: (controller, chunk) => handler.onResponseData?.(controller, chunk),
        onResponseEnd: (controller, trailers) => handler.onResponseEnd?.(controller, trailers),
        onResponseError: (controller, error) => {
          count('failed');
          if (!hasBegun && this.mayTryAgain(NOT_SENT.has(errorCode(error)))) this.begin();
          else handler.onResponseError?.(controller, error);
        },
      },
    );
  }
}

/** For a request that never began. */
const NO_CONTROLLER: Dispatcher.DispatchController = {
  aborted: false,
  paused: false,
  reason: null,
  abort: () => undefined,
  pause: () => undefined,
  resume: () => undefined,
};
