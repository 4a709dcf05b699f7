/** A framework that speaks the v1 scheduler API over a real socket: what other people's clients do. */
import { request, type IncomingMessage } from 'node:http';
import { RecordReader, decodeProtobuf, encodeProtobuf } from '@stadion/contract/mesos-wire';
import type { SchedulerEvent } from '@stadion/contract/mesos';

/** An answer that is no stream. */
export interface PlainAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Keeps what comes over its stream. */
export class HttpFramework {
  readonly events: SchedulerEvent[] = [];
  /** How the body was cut on the wire: one entry a chunk. */
  readonly chunks: string[] = [];
  readonly headers: Record<string, string> = { 'Content-Type': 'application/json' };
  ended = false;
  private isProtobuf = false;
  private readonly port: number;
  private readonly path: string;
  private stream: IncomingMessage | undefined;

  constructor(port: number, path = '/api/v1/scheduler') {
    this.port = port;
    this.path = path;
  }

  /** Sends a body as it is and waits for the whole answer. */
  post(
    body: string | Uint8Array,
    headers: Readonly<Record<string, string>> = {},
    method = 'POST',
  ): Promise<PlainAnswer> {
    return new Promise((resolve, reject) => {
      this.open(body, headers, method, reject, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
        });
      });
    });
  }

  /** Speaks protobuf from now on, both ways. */
  speakProtobuf(): void {
    this.isProtobuf = true;
    this.headers['Content-Type'] = this.headers['Accept'] = 'application/x-protobuf';
  }

  /** Sends a call and waits for the whole answer. */
  call(call: unknown, headers: Readonly<Record<string, string>> = {}): Promise<PlainAnswer> {
    return this.post(this.encode(call), headers);
  }

  /** Opens the stream; its id goes with every later call. */
  subscribe(call: unknown): Promise<PlainAnswer['headers']> {
    return new Promise((resolve, reject) => {
      this.open(this.encode(call), {}, 'POST', reject, (response) => {
        this.stream = response;
        const streamId = response.headers['mesos-stream-id'];
        if (typeof streamId === 'string') this.headers['Mesos-Stream-Id'] = streamId;
        const reader = new RecordReader(100_000_000);
        response.on('data', (chunk: Buffer) => {
          this.chunks.push(chunk.toString());
          for (const record of reader.push(chunk)) {
            this.events.push(this.decode(record) as SchedulerEvent);
          }
        });
        response.once('close', () => (this.ended = true)).on('error', () => undefined);
        resolve(response.headers);
      });
    });
  }

  /** Breaks the stream. */
  hangUp(): void {
    this.stream?.destroy();
  }

  private encode(call: unknown): string | Uint8Array {
    return this.isProtobuf ? encodeProtobuf('SchedulerCall', call) : JSON.stringify(call);
  }

  private decode(record: Uint8Array): unknown {
    return this.isProtobuf
      ? decodeProtobuf('SchedulerEvent', record)
      : (JSON.parse(Buffer.from(record).toString()) as unknown);
  }

  private open(
    body: string | Uint8Array,
    headers: Readonly<Record<string, string>>,
    method: string,
    onError: (error: Error) => void,
    onResponse: (response: IncomingMessage) => void,
  ): void {
    request({ host: '127.0.0.1', port: this.port, path: this.path, method, headers: { ...this.headers, ...headers } })
      .on('response', onResponse)
      .on('error', onError)
      .end(body);
  }
}
