/** The last events as they were sent, so that a reader who comes back with the id of its last one misses none. */
import { Buffer } from 'node:buffer';
import type { OrchestratorEvent } from '@stadion/contract/orchestrator';
import { EVENT_LOG_BYTES_MAX, EVENT_LOG_EVENTS_MAX } from './limits.ts';

/** An event with its place in the sequence. */
export interface LoggedEvent {
  readonly id: string;
  readonly event: OrchestratorEvent;
  /** As it is sent, plans without roots. */
  readonly text: Buffer;
}

/** One per server. Ids are those of one process: after a restart nothing can be resumed, and readers are told so. */
export class EventLog {
  private readonly run: string;
  private readonly events: LoggedEvent[] = [];
  private bytes = 0;
  private sequence = 0;
  private dropped = 0;

  /** @param run tells this process from others */
  constructor(run: string) {
    this.run = run;
  }

  add(event: OrchestratorEvent): LoggedEvent {
    this.sequence += 1;
    const id = `${this.run}-${String(this.sequence)}`;
    const logged = { id, event, text: encodeEvent(event, id) };
    this.events.push(logged);
    this.bytes += logged.text.length;
    while (this.events.length > EVENT_LOG_EVENTS_MAX || this.bytes > EVENT_LOG_BYTES_MAX) {
      this.bytes -= this.events.shift()?.text.length ?? 0;
      this.dropped += 1;
    }
    return logged;
  }

  /** The id of the last event. */
  get lastId(): string {
    return `${this.run}-${String(this.sequence)}`;
  }

  /** What came after an event, or why that is not known any more. */
  after(id: string): readonly LoggedEvent[] | 'other-server' | 'too-long-ago' {
    const at = id.lastIndexOf('-');
    const sequence = Number(id.slice(at + 1));
    const isOurs = at > 0 && id.slice(0, at) === this.run && Number.isSafeInteger(sequence);
    if (!isOurs || sequence > this.sequence) return 'other-server';
    if (sequence < this.dropped) return 'too-long-ago';
    return this.events.slice(sequence - this.dropped);
  }

  /** The last ones, the newest last. */
  latest(count: number): readonly LoggedEvent[] {
    return this.events.slice(-count);
  }

  /** Forgets everything: from here on there is a gap. */
  clear(): void {
    this.events.length = 0;
    this.bytes = 0;
    // The event after the gap is not the one that follows the last.
    this.sequence += 1;
    this.dropped = this.sequence;
  }
}

/** Any event: some streams get more in their plans than others. */
type EventShape = Readonly<Record<string, unknown>> & { readonly eventType: string };

/** One event of the stream. Its id stands last: some readers of Marathon's stream expect the data after the name. */
export function encodeEvent(event: EventShape, id?: string): Buffer {
  const end = id === undefined ? '' : `id: ${id}\r\n`;
  return Buffer.from(`event: ${event.eventType}\r\ndata: ${JSON.stringify(event)}\r\n${end}\r\n`);
}
