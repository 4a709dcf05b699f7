/** One node in ZooKeeper: written when it is due, at once at each connection, and again when somebody has removed it. */
import type { Buffer } from 'node:buffer';
import { describeError, type Clock, type Logger, type Timers } from '@stadion/base';
import { ZooKeeperLink, refusalOf, type ZooKeeperOptions } from './adapters/zookeeper/link.ts';

/** What a node says just now. */
export interface NodeContent {
  readonly status: string;
  readonly data: Buffer;
}

/** What is kept, and where. */
export interface RegistrationOptions extends ZooKeeperOptions {
  readonly path: string;
  /** Without a change the node is written again after this. */
  readonly heartbeatMs: number;
  readonly log: Logger;
  /** Asked at every write. */
  readonly content: () => NodeContent;
}

/** How long leaving may take. */
const LEAVE_MS_MAX = 3000;

/** The registration, from its making until it is removed. */
export class Registration {
  private readonly options: RegistrationOptions;
  private readonly time: Clock & Timers;
  private readonly link: ZooKeeperLink;
  private isRemoved = false;
  /** What was written last with success, and when. */
  private written: { readonly status: string; readonly at: number } | undefined;
  private writing: Promise<void> | undefined;
  private isWanted = false;

  constructor(options: RegistrationOptions) {
    this.options = options;
    this.time = options.time;
    this.link = new ZooKeeperLink(options);
    // Perhaps a new session, and perhaps the node of an old one is there: look, and take it over.
    this.link.onConnected(() => this.write());
  }

  /** Whether anybody can know of it. */
  get isThere(): boolean {
    return this.written !== undefined;
  }

  /** Writes when the status has changed, or the last write was long ago or failed. */
  writeIfDue(status: string): void {
    if (this.isOld() || this.written?.status !== status) this.write();
  }

  /** Resolves when nothing is being written, as far as that can be. */
  async settled(): Promise<void> {
    while (this.link.isConnected && this.writing !== undefined) await this.writing;
  }

  /** Takes the node away. A server that does not answer, or cannot be reached, holds nobody up: it goes with its session then. */
  async remove(): Promise<void> {
    this.isRemoved = true;
    const { link } = this;
    const limit = this.time.after(LEAVE_MS_MAX, () => link.close());
    if (link.isConnected) {
      await this.writing;
      await link.remove(this.options.path).catch(() => undefined);
    }
    limit.cancel();
    link.close();
  }

  private isOld(): boolean {
    return this.written === undefined || this.time.monotonic() - this.written.at >= this.options.heartbeatMs;
  }

  private write(): void {
    this.isWanted = true;
    if (this.writing !== undefined || this.isRemoved) return;
    this.isWanted = false;
    this.writing = this.put()
      .catch((error: unknown) => {
        this.written = undefined;
        const { path, log } = this.options;
        log.debug({ path, error: describeError(error) }, 'the node could not be written');
      })
      .finally(() => {
        this.writing = undefined;
        if (this.isWanted) this.write();
      });
  }

  private async put(): Promise<void> {
    const { link } = this;
    const { path, content } = this.options;
    const { status, data } = content();
    const owner = await link.owner(path);
    if (owner === undefined) await this.create(data);
    // A node of an older session would vanish with it, and this instance from everybody's view.
    else if (!owner.equals(link.sessionId)) await link.takeOver(path, data);
    // Else perhaps only the connection was another for a while: everybody would read again what they know.
    else if (this.isOld() || this.written?.status !== status) await link.setData(path, data);
    else {
      await this.watch();
      return;
    }
    this.written = { status, at: this.time.monotonic() };
    await this.watch();
  }

  private async create(data: Buffer): Promise<void> {
    const { path } = this.options;
    try {
      await this.link.createEphemeral(path, data);
    } catch (error) {
      if (refusalOf(error) !== 'missing') throw error;
      await this.link.makeFolder(path.slice(0, path.lastIndexOf('/')));
      await this.link.createEphemeral(path, data);
    }
  }

  /** Somebody may remove the node, or it goes with an old session: it comes back at once. Our own writes use watches up. */
  private async watch(): Promise<void> {
    if ((await this.link.owner(this.options.path, this.onOwnNode)) !== undefined) return;
    this.written = undefined;
    this.isWanted = true;
  }

  private readonly onOwnNode = (): void => {
    // Whatever is being written looks at the node again when it is done.
    if (this.isRemoved || this.writing !== undefined) return;
    this.watch().then(
      () => {
        if (this.isWanted) this.write();
      },
      () => undefined,
    );
  };
}
