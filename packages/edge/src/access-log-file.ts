/** Writes lines of the access log: to a file that can be moved aside, to standard output, or to syslog over UDP. */
import { createSocket, type Socket } from 'node:dgram';
import { open, type FileHandle } from 'node:fs/promises';
import { hostname } from 'node:os';
import { describeError, type Clock, type Logger } from '@stadion/base';

/** Where lines go. `syslog://host:port` is UDP in the form of RFC 5424. */
export type AccessLogTarget =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'stdout' }
  | { readonly kind: 'syslog'; readonly host: string; readonly port: number };

/** Reads a target as it is written in settings. */
export function readAccessLogTarget(text: string): AccessLogTarget {
  if (text === 'stdout' || text === '-') return { kind: 'stdout' };
  const syslog = /^syslog:\/\/([^:/]+)(?::(\d{1,5}))?$/.exec(text);
  if (syslog === null) return { kind: 'file', path: text };
  return { kind: 'syslog', host: syslog[1] ?? '127.0.0.1', port: Number(syslog[2] ?? 514) };
}

/** Lines that wait for a slow disk; what comes beyond them is dropped and said so once. */
const WAITING_MAX = 100;
/** Facility local0, severity info. */
const PRIORITY = 16 * 8 + 6;

/** The writer. */
export class AccessLogFile {
  private readonly target: AccessLogTarget;
  private readonly clock: Clock;
  private readonly log: Logger;
  private file: FileHandle | undefined;
  private socket: Socket | undefined;
  private queue: Promise<void> = Promise.resolve();
  private waiting = 0;

  constructor(target: AccessLogTarget, clock: Clock, log: Logger) {
    this.target = target;
    this.clock = clock;
    this.log = log;
  }

  /** Writes lines, in order; a failure is logged and costs these lines only. */
  write(lines: readonly string[]): void {
    if (lines.length === 0) return;
    if (this.waiting >= WAITING_MAX) {
      this.log.warn({ lines: lines.length }, 'lines of the access log were dropped: the disk is too slow');
      return;
    }
    this.waiting += 1;
    this.queue = this.queue.then(async () => {
      await this.writeNow(lines).catch((error: unknown) => {
        this.log.warn({ error: describeError(error) }, 'the access log could not be written');
      });
      this.waiting -= 1;
    });
  }

  /** Opens the file anew at the next line: it may have been moved aside. */
  reopen(): void {
    this.queue = this.queue.then(async () => {
      await this.file?.close();
      this.file = undefined;
    });
  }

  async close(): Promise<void> {
    this.reopen();
    await this.queue;
    this.socket?.close();
  }

  private async writeNow(lines: readonly string[]): Promise<void> {
    const { target } = this;
    if (target.kind === 'stdout') {
      process.stdout.write(`${lines.join('\n')}\n`);
      return;
    }
    if (target.kind === 'file') {
      this.file ??= await open(target.path, 'a', 0o640);
      await this.file.appendFile(`${lines.join('\n')}\n`);
      return;
    }
    const socket = (this.socket ??= createSocket('udp4').unref());
    const time = new Date(this.clock.now()).toISOString();
    for (const line of lines) {
      socket.send(
        `<${String(PRIORITY)}>1 ${time} ${hostname()} stadion-edge - access - ${line}`,
        target.port,
        target.host,
      );
    }
  }
}
