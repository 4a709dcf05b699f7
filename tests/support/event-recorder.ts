/** Records the event stream of an orchestrator from the moment it is open. */
import { waitFor } from './running-platform.ts';

/** One event: its name on the wire, and its data. */
export interface RecordedEvent {
  readonly name: string;
  readonly data: ReturnType<typeof JSON.parse>;
}

/** A stream of `/v2/events` that is being read. */
export class EventRecorder {
  readonly events: RecordedEvent[] = [];
  readonly contentType: string;
  /** Whether the other end has ended the stream, or we have. */
  isClosed = false;
  private readonly abort: AbortController;

  private constructor(response: Response, abort: AbortController) {
    this.contentType = response.headers.get('content-type') ?? '';
    this.abort = abort;
    void this.read(response)
      // A stream that breaks off has ended as well.
      .catch(() => undefined)
      .then(() => {
        this.isClosed = true;
      });
  }

  /**
   * Opens a stream and waits for its first event, after which nothing can be missed.
   * @param query e.g. `?event_type=deployment_success`
   */
  static async open(
    orchestrator: string,
    query = '',
    headers: Readonly<Record<string, string>> = {},
  ): Promise<EventRecorder> {
    const abort = new AbortController();
    const response = await fetch(`${orchestrator}/v2/events${query}`, {
      headers: { ...headers, accept: 'text/event-stream' },
      signal: abort.signal,
    });
    if (response.status !== 200) throw new Error(`/v2/events answered ${response.status}`);
    return new EventRecorder(response, abort);
  }

  /** Waits for an event that is so, and gives it. */
  until(what: string, matches: (event: RecordedEvent) => boolean, limitMs?: number): Promise<RecordedEvent> {
    return waitFor(what, () => this.events.find(matches), limitMs);
  }

  /** The events of one name. */
  named(name: string): RecordedEvent['data'][] {
    return this.events.filter((event) => event.name === name).map((event) => event.data);
  }

  close(): void {
    this.abort.abort();
  }

  private async read(response: Response): Promise<void> {
    if (response.body === null) throw new Error('the event stream has no body');
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    let text = '';
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const bytes: Uint8Array = part.value;
      text += decoder.decode(bytes, { stream: true }).replaceAll('\r\n', '\n');
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const lines = text.slice(0, end).split('\n');
        text = text.slice(end + 2);
        const name = lines.find((line) => line.startsWith('event: '))?.slice('event: '.length);
        const data = lines.find((line) => line.startsWith('data: '))?.slice('data: '.length);
        if (name !== undefined && data !== undefined) this.events.push({ name, data: JSON.parse(data) });
      }
    }
  }
}
