/** Announces one instance of a service in ZooKeeper, as Ranger does, for as long as it is well. */
import { Buffer } from 'node:buffer';
import {
  delay,
  describeError,
  every,
  silentLogger,
  type Clock,
  type Logger,
  type TimerHandle,
  type Timers,
} from '@stadion/base';
import { ZooKeeperLink, refusalOf } from './adapters/zookeeper/link.ts';
import { encodeNode, type RangerProfile } from './core/ranger-json.ts';
import type { ServiceNode, ShardInfo } from './core/service-node.ts';
import { HealthMonitor, type HealthCheck } from './health-monitor.ts';
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

/** How long leaving may take, after the drain. */
const LEAVE_MS_MAX = 3000;

/** A registered instance. */
export class Provider {
  private readonly options: ProviderOptions;
  private readonly time: Clock & Timers;
  private readonly log: Logger;
  private readonly monitor: HealthMonitor;
  private port = 0;
  private link: ZooKeeperLink | undefined;
  private tick: TimerHandle | undefined;
  private startedAt = 0;
  private healthySince = 0;
  private rotation: boolean;
  private isDraining = false;
  private leaving: Promise<void> | undefined;
  private isStopped = false;
  /** What was written last with success, and when. */
  private written: { readonly status: string; readonly at: number } | undefined;
  private writing: Promise<void> | undefined;
  private isWanted = false;

  constructor(options: ProviderOptions) {
    this.options = options;
    this.time = surroundingsOf(options).time;
    this.log = options.log ?? silentLogger;
    this.monitor = new HealthMonitor(options.checks ?? [], this.time);
    this.rotation = options.startsOutOfRotation !== true;
  }

  /** Begins; the node is there as soon as ZooKeeper can be reached. */
  start(): void {
    const { connectString, sessionTimeoutMs = 20_000, checkMs = 1000, port } = this.options;
    this.port = typeof port === 'function' ? port() : port;
    this.startedAt = this.time.monotonic();
    this.monitor.start();
    if (connectString === undefined) return;
    const link = new ZooKeeperLink({ connectString, sessionTimeoutMs, time: this.time });
    this.link = link;
    link.onConnected(() => {
      // Perhaps a new session, and perhaps the node of an old one is there: look, and take it over.
      this.write();
    });
    this.tick = every(this.time, checkMs, () => this.writeIfDue());
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
    this.writeIfDue();
    // It may only just be announcing itself.
    while (this.link?.isConnected === true && this.writing !== undefined) await this.writing;
    if (this.written !== undefined) await delay(this.time, this.options.drainMs ?? 0);
    this.isStopped = true;
    this.tick?.cancel();
    this.monitor.stop();
    const { link } = this;
    if (link === undefined) return;
    // A server that does not answer, or cannot be reached, holds nobody up: the node goes with its session then.
    const limit = this.time.after(LEAVE_MS_MAX, () => link.close());
    if (link.isConnected) {
      await this.writing;
      await link.remove(this.path).catch(() => undefined);
    }
    limit.cancel();
    link.close();
  }

  /** Writes when the status has changed, or the last write was long ago or failed. */
  private writeIfDue(): void {
    const status = this.condition === 'healthy' ? 'healthy' : 'unhealthy';
    const { written } = this;
    if (this.isOld() || written?.status !== status) this.write();
  }

  private isOld(): boolean {
    const { written } = this;
    return written === undefined || this.time.monotonic() - written.at >= (this.options.heartbeatMs ?? 10_000);
  }

  private write(): void {
    if (this.link === undefined) return;
    this.isWanted = true;
    if (this.writing !== undefined || this.isStopped) return;
    this.isWanted = false;
    this.writing = this.put()
      .catch((error: unknown) => {
        this.written = undefined;
        this.log.debug({ path: this.path, error: describeError(error) }, 'the node could not be written');
      })
      .finally(() => {
        this.writing = undefined;
        if (this.isWanted) this.write();
      });
  }

  private async put(): Promise<void> {
    const { link } = this;
    if (link === undefined) return;
    const node = this.node();
    const data = Buffer.from(encodeNode(node, this.options.profile));
    const owner = await link.owner(this.path, this.onOwnNode);
    if (owner === undefined) await this.create(link, data);
    // A node of an older session would vanish with it, and this instance from everybody's view.
    else if (owner.equals(link.sessionId)) {
      // Only the connection was another for a while: everybody would read again what they know.
      if (!this.isOld() && this.written?.status === node.healthcheckStatus) return;
      await link.setData(this.path, data);
    } else await link.takeOver(this.path, data);
    this.written = { status: node.healthcheckStatus, at: this.time.monotonic() };
  }

  private async create(link: ZooKeeperLink, data: Buffer): Promise<void> {
    try {
      await link.createEphemeral(this.path, data);
    } catch (error) {
      if (refusalOf(error) !== 'missing') throw error;
      await link.makeFolder(this.path.slice(0, this.path.lastIndexOf('/')));
      await link.createEphemeral(this.path, data);
    }
  }

  /** Somebody has removed the node, or it went with an old session: it comes back at once. */
  private readonly onOwnNode = (): void => {
    if (this.isStopped || this.writing !== undefined) return;
    void this.link?.owner(this.path, this.onOwnNode).then(
      (owner) => {
        if (owner !== undefined) return;
        this.written = undefined;
        this.write();
      },
      () => undefined,
    );
  };

  private node(): ServiceNode {
    const { host, shard = {}, portScheme = 'http', weight } = this.options;
    const isHealthy = this.condition === 'healthy';
    const now = this.time.now();
    if (isHealthy && this.healthySince === 0) this.healthySince = now;
    return {
      host,
      port: this.port,
      routingWeight: weight?.() ?? 1,
      nodeData: { environment: '', region: null, tags: null, ...shard },
      healthcheckStatus: isHealthy ? 'healthy' : 'unhealthy',
      lastUpdatedTimeStamp: now,
      healthySinceTimeStamp: this.healthySince,
      portScheme,
    };
  }
}
