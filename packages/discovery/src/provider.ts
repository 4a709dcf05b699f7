/** Announces one instance of a service in ZooKeeper, as Ranger does, for as long as it is well. */
import { Buffer } from 'node:buffer';
import { delay, every, silentLogger, type Clock, type Logger, type TimerHandle, type Timers } from '@stadion/base';
import { encodeNode, type RangerProfile } from './core/ranger-json.ts';
import type { ServiceNode, ShardInfo } from './core/service-node.ts';
import { HealthMonitor, type HealthCheck } from './health-monitor.ts';
import type { NodeContent, Registration } from './registration.ts';
import { surroundingsOf } from './system.ts';

/** What to announce, and how. */
export interface ProviderOptions {
  /** `host:port,host:port`. Without it the instance is announced nowhere, and everything else is the same. */
  readonly connectString?: string | undefined;
  readonly namespace: string;
  readonly service: string;
  readonly host: string;
  /** A function is asked at the start. */
  readonly port: number | (() => number);
  readonly shard?: Partial<ShardInfo>;
  readonly portScheme?: string;
  /** Asked at every write. */
  readonly weight?: () => number;
  readonly checks?: readonly HealthCheck[];
  /** Out of rotation at the start. */
  readonly startsOutOfRotation?: boolean;
  /** Before this has passed, the node is not healthy. */
  readonly startDelayMs?: number;
  readonly checkMs?: number;
  /** Without a change the node is written again after this. */
  readonly heartbeatMs?: number;
  /** Between saying that it goes and going. */
  readonly drainMs?: number;
  readonly sessionTimeoutMs?: number;
  readonly profile?: RangerProfile;
  readonly log?: Logger;
  readonly time?: Clock & Timers;
}

/** A registered instance. */
export class Provider {
  private readonly options: ProviderOptions;
  private readonly time: Clock & Timers;
  private readonly log: Logger;
  private readonly monitor: HealthMonitor;
  private port = 0;
  private opening: Promise<void> | undefined;
  private registration: Registration | undefined;
  private tick: TimerHandle | undefined;
  private startedAt = 0;
  private healthySince = 0;
  private rotation: boolean;
  private isDraining = false;
  private leaving: Promise<void> | undefined;

  constructor(options: ProviderOptions) {
    this.options = options;
    this.time = surroundingsOf(options).time;
    this.log = options.log ?? silentLogger;
    this.monitor = new HealthMonitor(options.checks ?? [], this.time);
    this.rotation = options.startsOutOfRotation !== true;
  }

  /** Begins; the node is there as soon as ZooKeeper can be reached. */
  start(): void {
    const { connectString, port } = this.options;
    this.port = typeof port === 'function' ? port() : port;
    this.startedAt = this.time.monotonic();
    this.monitor.start();
    if (connectString !== undefined) this.opening = this.register(connectString);
  }

  private async register(connectString: string): Promise<void> {
    const { sessionTimeoutMs = 20_000, checkMs = 1000, heartbeatMs = 10_000 } = this.options;
    const { time, log, path } = this;
    // Not at the head of this file: a service listens before its client for ZooKeeper is loaded, or does without one.
    const { Registration } = await import('./registration.ts');
    const content = (): NodeContent => this.content();
    this.registration = new Registration({ connectString, sessionTimeoutMs, heartbeatMs, path, time, log, content });
    this.tick = every(time, checkMs, () => this.writeIfDue());
  }

  /** `host:port` under which it is announced; the port is known from the start on. */
  get address(): string {
    return `${this.options.host}:${String(this.port)}`;
  }

  private get path(): string {
    const { namespace, service } = this.options;
    return `/${namespace}/${service}/${this.address}`;
  }

  get isInRotation(): boolean {
    return this.rotation;
  }

  /** Whether it is announced as healthy, or why not. */
  get condition(): string {
    if (this.isDraining) return 'draining';
    if (!this.rotation) return 'out of rotation';
    if (this.time.monotonic() - this.startedAt < (this.options.startDelayMs ?? 0)) return 'starting';
    return this.monitor.problem() ?? 'healthy';
  }

  /** Out of rotation the node stays, and says that it is not healthy. */
  setRotation(isInRotation: boolean): void {
    this.rotation = isInRotation;
    this.writeIfDue();
  }

  /** Says that it goes, gives callers time to hear of it, and goes. */
  stop(): Promise<void> {
    return (this.leaving ??= this.leave());
  }

  private async leave(): Promise<void> {
    this.isDraining = true;
    await this.opening;
    const { registration } = this;
    this.writeIfDue();
    // It may only just be announcing itself.
    await registration?.settled();
    if (registration?.isThere === true) await delay(this.time, this.options.drainMs ?? 0);
    this.tick?.cancel();
    this.monitor.stop();
    await registration?.remove();
  }

  private get status(): ServiceNode['healthcheckStatus'] {
    return this.condition === 'healthy' ? 'healthy' : 'unhealthy';
  }

  private writeIfDue(): void {
    this.registration?.writeIfDue(this.status);
  }

  private content(): NodeContent {
    const node = this.node();
    return { status: node.healthcheckStatus, data: Buffer.from(encodeNode(node, this.options.profile)) };
  }

  private node(): ServiceNode {
    const { host, shard = {}, portScheme = 'http', weight } = this.options;
    const { status } = this;
    const now = this.time.now();
    if (status === 'healthy' && this.healthySince === 0) this.healthySince = now;
    return {
      host,
      port: this.port,
      routingWeight: weight?.() ?? 1,
      nodeData: { environment: '', region: null, tags: null, ...shard },
      healthcheckStatus: status,
      lastUpdatedTimeStamp: now,
      healthySinceTimeStamp: this.healthySince,
      portScheme,
    };
  }
}
