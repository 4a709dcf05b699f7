/** Who the agent is: the id that its master gave it, and whether that is on disk. */
import { describeError, type Logger } from '@stadion/base';
import { AGENT_KEY, toAgentRecord } from './core/checkpoint-record.ts';
import type { Checkpoints } from './ports/checkpoints.ts';

/** The id, now and before. */
export class AgentIdentity {
  private readonly checkpoints: Checkpoints;
  private readonly log: Logger;
  private id: string | undefined;
  private lastId = '';
  private written: Promise<void> = Promise.resolve();
  private hasFailed = false;

  constructor(checkpoints: Checkpoints, log: Logger) {
    this.checkpoints = checkpoints;
    this.log = log;
  }

  /** The id, or undefined before a first registration. */
  get current(): string | undefined {
    return this.id;
  }

  /** What directories and records carry: the id, or the last one while there is none; empty before a first one. */
  get name(): string {
    return this.id ?? this.lastId;
  }

  /** The id as it was found on disk. */
  restore(id: string): void {
    this.id = id;
    this.lastId = id;
  }

  /** A new id from the master: it is written down. */
  take(id: string): void {
    if (this.id !== undefined) this.log.warn({ was: this.id, is: id }, 'the master gave a new id');
    this.restore(id);
    this.write(id);
  }

  /** Resolves when the id is on disk. A full disk may have got room since it failed: then it is tried once more. */
  saved(): Promise<void> {
    if (this.hasFailed && this.id !== undefined) this.write(this.id);
    return this.written;
  }

  /** The next registration is a first one. */
  forget(): void {
    this.id = undefined;
    this.follow(this.checkpoints.remove(AGENT_KEY), 'the old id of this agent could not be removed');
  }

  private write(id: string): void {
    const written = this.checkpoints.save(AGENT_KEY, toAgentRecord(id), { durable: true });
    this.follow(written, 'the id of this agent could not be written');
  }

  private follow(written: Promise<void>, complaint: string): void {
    this.hasFailed = false;
    this.written = written;
    written.catch((error: unknown) => {
      if (this.written === written) this.hasFailed = true;
      this.log.error({ error: describeError(error) }, complaint);
    });
  }
}
