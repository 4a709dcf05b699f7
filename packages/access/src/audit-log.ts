/** Who did what, and when: lines of JSON that are only ever added to, in a file that is its owner's alone. */
import { appendFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describeError, type Clock, type Logger } from '@stadion/base';

/** Something that somebody did, or was refused. Never a secret's value. */
export interface AuditEntry {
  /** The name that was found out, where people have one, and the address it came from. */
  readonly who: string;
  /** The server that passed it on, when one did. */
  readonly through?: string;
  /** e.g. `task exec`. */
  readonly what: string;
  /** What it was done to, e.g. a task id. */
  readonly target: string;
  readonly outcome: 'begun' | 'done' | 'refused' | 'failed';
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Appends to a file. An entry that cannot be written is an error in the platform's own log. */
export class AuditLog {
  private readonly path: string;
  private readonly clock: Clock;
  private readonly log: Logger;
  private writing: Promise<void> = Promise.resolve();

  constructor(path: string, clock: Clock, log: Logger) {
    this.path = path;
    this.clock = clock;
    this.log = log;
  }

  /** Adds an entry; entries keep their order. Resolves when it is in the file. */
  add(entry: AuditEntry): Promise<void> {
    const line = `${JSON.stringify({ at: new Date(this.clock.now()).toISOString(), ...entry })}\n`;
    this.writing = this.writing.then(async () => {
      try {
        await mkdir(dirname(this.path), { recursive: true });
        await appendFile(this.path, line, { mode: 0o600 });
      } catch (error) {
        this.log.error({ entry, error: describeError(error) }, 'the audit log could not be written');
      }
    });
    return this.writing;
  }
}
