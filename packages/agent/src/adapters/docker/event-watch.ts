/** Hears when containers of ours end, and notices when the daemon goes and comes back. */
import { delay, describeError, type Logger, type Timers } from '@stadion/base';
import type Docker from 'dockerode';
import { OWNER_LABEL } from './container-options.ts';
import { destroyStream, type EngineStream } from './engine-stream.ts';

const RETRY_MS_FIRST = 100;
const RETRY_MS_MAX = 5000;
/** One event is far smaller; what is not is no event. */
const LINE_BYTES_MAX = 1024 * 1024;

/** Who wants to know. */
export interface WatchListener {
  /** The stream is open: what happened before is to be found by looking. Rejects when the looking failed. */
  onConnected(): Promise<void>;
  onDied(dockerId: string): void;
}

/** Follows the daemon's events until it is stopped; a broken stream is opened again. */
export class EventWatch {
  private readonly docker: Docker;
  private readonly timers: Timers;
  private readonly log: Logger;
  private readonly owner: string;
  private readonly listener: WatchListener;
  private stream: EngineStream | undefined;
  private stopped = false;

  constructor(ports: { docker: Docker; timers: Timers; log: Logger }, owner: string, listener: WatchListener) {
    this.docker = ports.docker;
    this.timers = ports.timers;
    this.log = ports.log;
    this.owner = owner;
    this.listener = listener;
  }

  start(): void {
    void this.run();
  }

  stop(): void {
    this.stopped = true;
    destroyStream(this.stream);
  }

  private async run(): Promise<void> {
    let waitMs = RETRY_MS_FIRST;
    while (!this.isStopped()) {
      try {
        const filters = { type: ['container' as const], event: ['die'], label: [`${OWNER_LABEL}=${this.owner}`] };
        const stream = await this.docker.getEvents({ filters });
        this.stream = stream;
        if (this.isStopped()) destroyStream(stream);
        // Read at once: what ends while one looks around must not be missed.
        const reading = this.read(stream);
        await Promise.race([this.listener.onConnected(), reading]);
        waitMs = RETRY_MS_FIRST;
        await reading;
      } catch (error) {
        if (!this.isStopped()) this.log.debug({ error: describeError(error) }, 'the events of Docker broke off');
        destroyStream(this.stream);
      }
      if (this.isStopped()) return;
      await delay(this.timers, waitMs);
      waitMs = Math.min(RETRY_MS_MAX, waitMs * 2);
    }
  }

  private async read(stream: EngineStream): Promise<void> {
    let rest = '';
    for await (const chunk of stream) {
      rest += Buffer.isBuffer(chunk) ? chunk.toString('utf8') : '';
      const lines = rest.split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > LINE_BYTES_MAX) rest = '';
      for (const line of lines) {
        const dockerId = diedIn(line);
        if (dockerId !== undefined) this.listener.onDied(dockerId);
      }
    }
  }

  private isStopped(): boolean {
    return this.stopped;
  }
}

function diedIn(line: string): string | undefined {
  try {
    const event: unknown = JSON.parse(line);
    if (typeof event !== 'object' || event === null || !('Action' in event) || event.Action !== 'die') return undefined;
    return 'id' in event && typeof event.id === 'string' ? event.id : undefined;
  } catch {
    return undefined;
  }
}
