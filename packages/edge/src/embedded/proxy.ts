/**
 * The proxy of one process: finds the route of each request, runs its steps and sends it on. It knows nothing of listeners
 * or processes; those hand requests in.
 */
import { randomFraction, type Clock, type Logger, type Random, type Timers } from '@stadion/base';
import type { Duplex } from 'node:stream';
import type { FragmentChange, Router } from '../core/model.ts';
import { RouterIndex } from '../core/matcher.ts';
import { readTarget } from '../core/request-path.ts';
import { RouteTable, routerKey } from '../core/table.ts';
import type { Server } from '../core/model.ts';
import { Exchange, hostOf, plainAnswer, type Answer, type Origin, type Route } from './exchange.ts';
import type { Incoming } from './incoming.ts';
import { Mirroring } from './mirroring.ts';
import { Probes } from './probes.ts';
import { TcpRoutes, routableOf, type TcpDestination } from './tcp-routes.ts';
import type { Reply } from './reply.ts';
import { readBody } from './request-body.ts';
import { Sending, type SendingPorts } from './sending.ts';
import { Services } from './services.ts';
import { ServicePages } from './service-pages.ts';
import { StepMaker } from './steps/make-steps.ts';
import { RouteCounters, type RouteTraffic } from './traffic.ts';
import { Http1Pools } from './upstream/http1-pools.ts';
import { sendHttp1 } from './upstream/http1-attempt.ts';
import { Http2Sessions } from './upstream/http2-sessions.ts';
import { requestHeaders } from './upstream/headers.ts';
import { joinUpgrade } from './upstream/upgrades.ts';

/** What a proxy is made with. */
export interface ProxyParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Logger;
  /** The name of this machine, for X-Forwarded-Server. */
  readonly hostname: string;
  /** The port of an entry point, by its name. */
  readonly portOf: (entryPoint: string) => number | undefined;
  readonly workers: () => number;
  readonly secret: string;
  /** Told of each request that is taken, before anything comes of it. */
  readonly onTaken?: (exchange: Exchange) => void;
  /** Told of each exchange that is over, for the access log. */
  readonly onDone: (exchange: Exchange, latencyMs: number) => void;
}

/** The proxy. */
export class Proxy {
  private readonly parts: ProxyParts;
  private readonly table = new RouteTable();
  private readonly index = new RouterIndex<Route>();
  private readonly tcp = new TcpRoutes();
  private readonly routes = new Map<string, Route>();
  private readonly retired: Route[] = [];
  private readonly http1: Http1Pools;
  private readonly http2 = new Http2Sessions();
  private readonly services: Services;
  private readonly steps: StepMaker;
  private readonly probes: Probes;
  private readonly pages: ServicePages;
  private readonly mirroring: Mirroring;
  private readonly sendingPorts: SendingPorts;
  private underWay = 0;

  constructor(parts: ProxyParts) {
    this.parts = parts;
    const nowMs = (): number => parts.clock.monotonic();
    const random = (): number => randomFraction(parts.random);
    this.http1 = new Http1Pools({ timers: parts.timers, nowMs });
    this.services = new Services({ nowMs, random }, (server) => this.release(server));
    const { portOf, workers, secret } = parts;
    this.steps = new StepMaker({ nowMs: () => parts.clock.now(), portOf, workers, secret });
    this.probes = new Probes({ timers: parts.timers, random });
    this.pages = new ServicePages(this.services, this.http1, parts.timers);
    this.mirroring = new Mirroring(this.http1, parts.hostname);
    this.sendingPorts = {
      timers: parts.timers,
      nowMs,
      hostname: parts.hostname,
      open: (outgoing, listener) =>
        outgoing.policy.scheme === 'h2c'
          ? this.http2.send(outgoing, listener)
          : sendHttp1(this.http1.of(outgoing.server, outgoing.policy), outgoing, listener),
      page: (exchange, service, path) => this.pages.fetch(exchange, service, path),
      answer: (exchange, answer) => this.answer(exchange, answer),
      done: (exchange) => this.done(exchange),
    };
  }

  /** How many exchanges are under way. */
  get active(): number {
    return this.underWay;
  }

  /** Takes over a change of one source. It is in effect when this returns. */
  apply(change: FragmentChange): void {
    const { removed, added, services, middlewares } = this.table.apply(change);
    for (const name of services) {
      const service = this.table.service(name);
      const pool = this.services.set(name, service);
      if (pool === undefined) this.probes.stop(name);
      else this.probes.watch(pool);
    }
    const changed = new Set(middlewares);
    const gone = new Set(removed.map(routerKey));
    const again = changed.size === 0 ? [] : this.usersOf(changed).filter((router) => !gone.has(routerKey(router)));
    this.changeHttp([...removed, ...again], [...added, ...again]);
    this.tcp.change(removed, added);
  }

  /** One request. */
  handle(incoming: Incoming, reply: Reply, origin: Origin): void {
    const exchange = this.exchangeOf(incoming, reply, origin);
    if (exchange === undefined) return;
    const route = this.index.find(exchange, origin.entryPoint);
    if (route === undefined) {
      this.answer(exchange, plainAnswer(404, 'There is no route for this.'));
      return;
    }
    exchange.route = route;
    route.counters.active += 1;
    this.runSteps(exchange, route, 0, (passed) => this.send(passed, route));
  }

  /** A request for another protocol: a WebSocket. */
  upgrade(incoming: Incoming, reply: Reply, origin: Origin, client: Duplex, rest: Buffer): void {
    const exchange = this.exchangeOf(incoming, reply, origin);
    if (exchange === undefined) return;
    const route = this.index.find(exchange, origin.entryPoint);
    if (route === undefined) {
      this.answer(exchange, plainAnswer(404, 'There is no route for this.'));
      return;
    }
    exchange.route = route;
    route.counters.active += 1;
    this.runSteps(exchange, route, 0, (passed) => void this.join(passed, route, client, rest));
  }

  /** The server of a TCP router for a connection, by the name that its ClientHello has (empty: none). */
  tcpServer(serverName: string, origin: Origin): TcpDestination | undefined {
    const router = this.tcp.find(serverName, origin);
    const pool = router === undefined ? undefined : this.services.destination(router.service)?.pool;
    const state = pool?.next(() => origin.clientIp, [], undefined);
    if (state === undefined || pool === undefined) return undefined;
    return { server: state.server, proxyProtocol: pool.policy.proxyProtocol };
  }

  /** Whether any TCP router could want a connection. */
  get hasTcpRoutes(): boolean {
    return this.tcp.size > 0;
  }

  /** What has happened since the last call. */
  takeTraffic(): readonly RouteTraffic[] {
    const traffic = [...this.routes.values(), ...this.retired].flatMap(({ counters }) => counters.take() ?? []);
    this.retired.splice(0, this.retired.length, ...this.retired.filter(({ counters }) => counters.active > 0));
    return traffic;
  }

  /** What is known about the servers of a service, for people. */
  get pools(): Services {
    return this.services;
  }

  close(): void {
    this.probes.close();
    this.http2.close();
    this.http1.close();
  }

  private release(server: Server): void {
    this.http1.release(server);
    this.http2.release(server);
  }

  private usersOf(middlewares: ReadonlySet<string>): readonly Router[] {
    return [...this.routes.values()]
      .map(({ router }) => router)
      .filter((router) => {
        const outcome = this.table.stepsOf(router);
        return (
          'missing' in outcome ||
          (router.middlewares.length > 0 &&
            [...outcome.steps.map(({ name }) => name), ...router.middlewares].some((name) => middlewares.has(name)))
        );
      });
  }

  private changeHttp(removed: readonly Router[], added: readonly Router[]): void {
    const gone: Route[] = [];
    const came = new Map<string, Route>();
    for (const router of added) {
      if (router.protocol === 'http') came.set(routerKey(router), this.routeOf(router));
    }
    for (const router of removed) {
      const key = routerKey(router);
      const route = this.routes.get(key);
      if (route === undefined || router.protocol !== 'http') continue;
      gone.push(route);
      this.routes.delete(key);
      if (!came.has(key)) {
        this.steps.forget(key);
        this.retired.push(route);
      }
    }
    for (const [key, route] of came) this.routes.set(key, route);
    if (gone.length + came.size > 0) this.index.change(gone, [...came.values()]);
  }

  private routeOf(router: Router): Route {
    const key = routerKey(router);
    const outcome = this.table.stepsOf(router);
    const made = 'missing' in outcome ? this.steps.make(key, []) : this.steps.make(key, outcome.steps);
    // A route that lacks a middleware protects nothing: it answers that it is broken.
    const steps =
      'missing' in outcome
        ? [{ before: () => plainAnswer(500, `The middleware ${outcome.missing} of this route does not exist.`) }]
        : made.steps;
    const { name, source, service } = router;
    const counters = this.routes.get(key)?.counters ?? new RouteCounters({ router: name, source, service });
    return { ...routableOf(router), router, steps, sending: made.sending, counters };
  }

  private exchangeOf(incoming: Incoming, reply: Reply, origin: Origin): Exchange | undefined {
    this.underWay += 1;
    const startedAt = this.parts.clock.monotonic();
    const target = readTarget(incoming.target);
    const problem = target.ok ? incoming.problem : target.reason;
    const host = hostOf(incoming.header(':authority') ?? incoming.header('host') ?? '');
    const path = target.ok ? target : { path: '/', query: '' };
    const exchange = new Exchange(incoming, reply, origin, startedAt, path, host);
    this.parts.onTaken?.(exchange);
    if (problem === undefined) return exchange;
    this.answer(exchange, plainAnswer(400, `This request is refused: ${problem}.`, ['connection', 'close']));
    return undefined;
  }

  /** Runs steps one after another; only those that have to wait for something cost a promise. */
  private runSteps(exchange: Exchange, route: Route, from: number, pass: (exchange: Exchange) => void): void {
    for (let index = from; index < route.steps.length; index += 1) {
      const outcome = route.steps[index]?.before?.(exchange);
      if (outcome === undefined) continue;
      if (outcome instanceof Promise) {
        outcome.then(
          (answer) => {
            if (answer === undefined) this.runSteps(exchange, route, index + 1, pass);
            else this.answer(exchange, answer);
          },
          (error: unknown) => this.fail(exchange, error),
        );
        return;
      }
      this.answer(exchange, outcome);
      return;
    }
    pass(exchange);
  }

  private send(exchange: Exchange, route: Route): void {
    const destination = this.services.destination(route.router.service);
    if (destination === undefined) {
      this.answer(exchange, plainAnswer(503, 'There is no such service.'));
      return;
    }
    readBody(exchange, route.sending.maxRequestBytes, (body) => {
      try {
        if (body.kind === 'broken') this.done(exchange);
        else if (body.kind === 'too-large') {
          this.answer(exchange, plainAnswer(413, 'The body is too large.', ['connection', 'close']));
        } else {
          if (destination.mirrors.length > 0) this.mirroring.copy(exchange, body, destination.mirrors);
          new Sending(exchange, route, destination.pool, body, this.sendingPorts).start();
        }
      } catch (error) {
        this.fail(exchange, error);
      }
    });
  }

  private async join(exchange: Exchange, route: Route, client: Duplex, rest: Buffer): Promise<void> {
    const pool = this.services.destination(route.router.service)?.pool;
    const tried: string[] = [];
    for (let attempt = 0; pool !== undefined && attempt < route.sending.attempts; attempt += 1) {
      const state = pool.next(() => exchange.clientIp, tried, undefined);
      if (state === undefined) break;
      exchange.attempts += 1;
      exchange.serverId = state.server.id;
      const { policy } = pool;
      const hostHeader = exchange.upstreamHost ?? (policy.passHostHeader ? exchange.authority : state.server.id);
      const headers = requestHeaders(exchange, hostHeader, this.parts.hostname);
      const request = { method: exchange.method, target: exchange.upstreamTarget, headers, rest };
      const outcome = await joinUpgrade(client, state.server, policy, request, (callback) => {
        const timer = this.parts.timers.after(policy.connectTimeoutMs, callback);
        return () => timer.cancel();
      });
      if (outcome.kind === 'joined') {
        state.active += 1;
        exchange.status = 101;
        await outcome.closed;
        state.active -= 1;
        this.done(exchange);
        return;
      }
      pool.report(state, true, 0);
      tried.push(state.server.id);
    }
    this.answer(exchange, plainAnswer(tried.length > 0 ? 502 : 503, 'The service cannot be reached.'));
  }

  private fail(exchange: Exchange, error: unknown): void {
    this.parts.log.error(
      { route: exchange.route?.name, error: String(error) },
      'a request has failed in the edge itself',
    );
    this.answer(exchange, plainAnswer(500, 'The edge has failed.'));
  }

  private answer(exchange: Exchange, answer: Answer): void {
    const { reply } = exchange;
    if (!reply.isStarted && !reply.isClosed) {
      const headers = [...answer.headers];
      const isWritten = headers.some((name, index) => index % 2 === 0 && name.toLowerCase() === 'content-length');
      const body = Buffer.from(answer.body);
      if (!isWritten) headers.push('content-length', String(body.length));
      const { steps } = exchange.route ?? { steps: [] };
      for (let index = steps.length - 1; index >= 0; index -= 1) steps[index]?.head?.(exchange, answer.status, headers);
      exchange.status = answer.status;
      exchange.bytesOut = body.length;
      reply.start(answer.status, headers);
      if (exchange.method === 'HEAD') reply.end();
      else reply.end(body);
    }
    this.done(exchange);
  }

  private done(exchange: Exchange): void {
    if (exchange.isDone) return;
    exchange.isDone = true;
    this.underWay -= 1;
    const latencyMs = this.parts.clock.monotonic() - exchange.startedAt;
    for (const release of exchange.releases) release();
    const { route } = exchange;
    if (route !== undefined) {
      route.counters.active -= 1;
      const retries = Math.max(0, exchange.attempts - 1);
      route.counters.record(exchange.status, latencyMs, retries, exchange.bytesIn, exchange.bytesOut);
      for (const step of route.steps) step.done?.(exchange, latencyMs);
    }
    this.parts.onDone(exchange, latencyMs);
  }
}
