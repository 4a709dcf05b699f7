/** Reads `text/event-stream` (the HTML standard's server-sent events) from the body of an answer. */
import { PlatformError } from '@stadion/base';
import { limits } from './limits.ts';

/** One event of a stream. */
export interface ServerSentEvent {
  readonly event: string;
  readonly data: string;
  /** By which the stream can be resumed after this event. */
  readonly id?: string;
}

/**
 * Takes a stream apart, chunk by chunk. Lines end in LF, CRLF or CR; comments and retry times are passed over, and
 * so are events without data (keep-alives).
 */
export class EventStreamParser {
  private rest = '';
  private event = '';
  private id: string | undefined;
  private data: string[] = [];
  private size = 0;

  /**
   * @param text the next piece of the stream, cut anywhere
   * @returns the events that it completes
   * @throws PlatformError `event-too-large`
   */
  push(text: string): ServerSentEvent[] {
    const buffer = this.rest + text;
    // A CR at the very end may be half of a CRLF: it waits for the next piece.
    const pieces = buffer.split(/\r\n|\n|\r(?!$)/);
    this.rest = pieces.pop() ?? '';
    const events: ServerSentEvent[] = [];
    for (const line of pieces) {
      const event = this.line(line);
      if (event !== undefined) events.push(event);
    }
    if (this.size + this.rest.length > limits.eventCharacters) {
      throw new PlatformError(
        'event-too-large',
        `An event of the stream is larger than ${limits.eventCharacters} characters. Ask for fewer event types.`,
      );
    }
    return events;
  }

  private line(line: string): ServerSentEvent | undefined {
    if (line === '') return this.dispatch();
    const colon = line.indexOf(':');
    if (colon === 0) return undefined;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'event') this.event = value;
    if (field === 'id') this.id = value;
    if (field === 'data') {
      this.data.push(value);
      this.size += value.length;
    }
    return undefined;
  }

  private dispatch(): ServerSentEvent | undefined {
    const { event, data, id } = this;
    this.event = '';
    this.id = undefined;
    this.data = [];
    this.size = 0;
    if (data.length === 0) return undefined;
    return {
      event: event === '' ? 'message' : event,
      data: data.join('\n'),
      ...(id === undefined || id === '' ? {} : { id }),
    };
  }
}

/** The events of a body, until it ends. Leaving the loop early cancels the body. */
export async function* readEventStream(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerSentEvent, void> {
  const parser = new EventStreamParser();
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield* parser.push(decoder.decode(value, { stream: true }));
    }
  } finally {
    // The peer may be gone already; there is nothing left to do about that.
    await reader.cancel().catch(() => undefined);
  }
}
