/** A data plane of either kind with real processes, and real servers behind it, for tests. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { silentLogger } from '@stadion/base';
import { systemClock, systemTimers } from '@stadion/base/system';
import { defaultDialectOptions } from '../core/dialects/options.ts';
import { parseStaticFile } from '../core/static-file.ts';
import type { EdgeSpan } from '../core/trace/otlp.ts';
import { routerKey } from '../core/table.ts';
import { selfSigned } from '../certs/self-signed.ts';
import type { EntryPointSettings } from '../embedded/entry-point.ts';
import type { WorkerSettings } from '../embedded/messages.ts';
import { EmbeddedPlane } from '../embedded/plane.ts';
import type { RouteTraffic } from '../embedded/traffic.ts';
import { HaproxyPlane } from '../haproxy/plane.ts';
import type { DataPlane } from '../ports/data-plane.ts';
import { Backends } from './backends.ts';

/** Which plane. */
export type PlaneKind = 'embedded' | 'haproxy';

const WORKER_PROGRAM = fileURLToPath(new URL('../../dist/worker/main.js', import.meta.url));
const DRAIN_MS = 2_000;

/** The stage. */
export class PlaneStage {
  readonly kind: PlaneKind;
  readonly backends = new Backends();
  readonly problems: string[] = [];
  readonly traffic: RouteTraffic[] = [];
  readonly log: string[] = [];
  readonly spans: EdgeSpan[] = [];
  readonly plane: DataPlane;
  ports: Readonly<Record<string, number>> = {};
  private readonly directory: string;
  private routers: readonly string[] = [];

  private constructor(kind: PlaneKind, directory: string, changes: Partial<WorkerSettings>) {
    this.kind = kind;
    this.directory = directory;
    const settings: WorkerSettings = {
      hostname: 'edge-host',
      workers: 1,
      secret: 'secret',
      trustedProxies: [],
      proxyProtocolFrom: [],
      clientAuthority: undefined,
      accessLog: 'off',
      tracesRatio: undefined,
      ...changes,
    };
    const workers = (entryPoints: readonly EntryPointSettings[]): EmbeddedPlane =>
      new EmbeddedPlane({
        ...{ program: WORKER_PROGRAM, settings, entryPoints, drainMs: DRAIN_MS },
        ...{ timers: systemTimers, log: silentLogger },
      });
    const entryPoints = ['http', 'https'].map((name) => ({
      name,
      host: '127.0.0.1',
      port: 0,
      isTls: name === 'https',
    }));
    this.plane =
      kind === 'embedded'
        ? workers(entryPoints)
        : new HaproxyPlane({
            ...{
              program: 'haproxy',
              recordPath: join(directory, 'haproxy.json'),
              makeWorkers: workers,
              entryPoints,
              drainMs: DRAIN_MS,
            },
            ...settings,
            asksForCertificates: settings.clientAuthority !== undefined,
            ...{ clock: systemClock, timers: systemTimers, log: silentLogger },
          });
  }

  /** Starts a plane without routes. */
  static async start(kind: PlaneKind, changes: Partial<WorkerSettings> = {}): Promise<PlaneStage> {
    const stage = new PlaneStage(kind, await mkdtemp(join(tmpdir(), 'stadion-plane-')), changes);
    await stage.plane.setCertificates([await selfSigned(['localhost', 'secure.test'], systemClock.now(), 7)]);
    stage.ports = await stage.plane.start({
      onTraffic: (traffic) => stage.traffic.push(...traffic),
      onServers: () => undefined,
      onAccessLog: (lines) => stage.log.push(...lines),
      onSpans: (spans) => stage.spans.push(...spans),
      onProblem: (message) => stage.problems.push(message),
    });
    return stage;
  }

  /**
   * Takes over routes in the shape of a file.
   * @returns the names of the routes that HAProxy leaves to the workers, with the reasons
   */
  async routes(file: object): Promise<Readonly<Record<string, string>>> {
    const fragment = parseStaticFile(file, defaultDialectOptions);
    if (fragment.problems.length > 0) throw new Error(JSON.stringify(fragment.problems));
    this.routers = fragment.routers.map(routerKey);
    await this.plane.apply([{ source: 'file', fragment }]);
    return this.slow();
  }

  /** One router for a rule to some servers, with middlewares. */
  async route(servers: readonly string[], middlewares: object = {}, service: object = {}, rule = 'Host(`a.test`)') {
    return await this.routes({
      http: {
        routers: { all: { rule, service: 'all', middlewares: Object.keys(middlewares) } },
        middlewares,
        services: { all: { loadBalancer: { servers: servers.map((url) => ({ url })), ...service } } },
      },
    });
  }

  /** Waits until what HAProxy can carry is carried by it. */
  async carried(): Promise<void> {
    if (this.plane instanceof HaproxyPlane) await this.plane.caughtUp();
  }

  async stop(): Promise<void> {
    await this.plane.stop();
    await this.backends.stop();
    await rm(this.directory, { recursive: true, force: true });
  }

  private slow(): Readonly<Record<string, string>> {
    const found: Record<string, string> = {};
    for (const key of this.routers) {
      const reason = this.plane.slowReason(key);
      if (reason !== undefined) found[key] = reason;
    }
    return found;
  }
}
