/**
 * Commands inside running tasks, and connections to their ports: HTTP/1.1 upgraded to a byte stream, on the orchestrator's
 * port (which passes it on) as on the agent's. Stadion's own; Mesos's nested containers have no way through a framework.
 *
 * A session is a stream of frames both ways: one byte channel, four bytes length (big endian), payload. A connection to
 * a port is the bytes themselves.
 */

/** The value of the `Upgrade` header. */
export const SESSION_PROTOCOL = 'stadion-session/1';
export const PORT_PROTOCOL = 'stadion-port/1';

const SESSION_PATH = /^\/v2\/tasks\/([^/?]+)\/(exec|attach|port)$/;

/** What a session is asked for. */
export interface SessionTarget {
  readonly taskId: string;
  readonly kind: 'exec' | 'attach' | 'port';
  readonly query: URLSearchParams;
}

/**
 * Reads the target of a request: `/v2/tasks/<task id>/exec?…` runs a command, `…/attach` is what the task itself writes
 * from then on until its end (and with `input=true` what it reads, where it has a terminal), and `…/port?port=N` a port
 * of it. At the orchestrator the first two can be asked for as a WebSocket (RFC 6455) as well: its binary messages are
 * the same stream, cut anywhere.
 * @param text as it stands in the request line, whatever that is
 * @returns undefined when it asks for no session
 */
export function decodeSessionTarget(text: string): SessionTarget | undefined {
  const [path = '', ...search] = text.split('?');
  const [, name, kind] = SESSION_PATH.exec(path) ?? [];
  if (name === undefined || (kind !== 'exec' && kind !== 'attach' && kind !== 'port')) return undefined;
  try {
    return { taskId: decodeURIComponent(name), kind, query: new URLSearchParams(search.join('?')) };
  } catch {
    // An escape that is none.
    return undefined;
  }
}

/** Writes it again. */
export function encodeSessionTarget({ taskId, kind, query }: SessionTarget): string {
  return `/v2/tasks/${encodeURIComponent(taskId)}/${kind}?${query.toString()}`;
}

/** What a frame carries. An empty one on `stdin` is the end of the input. */
export const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, exit: 3, resize: 4 } as const;

/** Larger frames end the session. */
const FRAME_BYTES_MAX = 1024 * 1024;
const HEADER_BYTES = 5;
/** Programs with more words, or longer ones, are not started. */
const WORDS_MAX = 1024;

/** What to run: words of a command, and the size of the terminal it wants. */
export interface SessionRequest {
  readonly argv: readonly string[];
  readonly terminal?: { readonly rows: number; readonly columns: number };
}

/** A request as a query: `argv` once for each word, and `rows` and `columns` for a terminal. */
export function encodeSessionQuery({ argv, terminal }: SessionRequest): string {
  const query = new URLSearchParams(argv.map((word): [string, string] => ['argv', word]));
  setSize(query, terminal);
  return query.toString();
}

/** Reads it again; a sentence when it is none. */
export function decodeSessionQuery(query: URLSearchParams): SessionRequest | string {
  const argv = query.getAll('argv');
  if (argv[0] === undefined || argv[0] === '') return 'Say what to run: one argv for each word of the command.';
  if (argv.length > WORDS_MAX || argv.some((word) => word.includes('\0'))) return 'The command cannot be started.';
  const terminal = sizeIn(query);
  return terminal === undefined ? { argv } : { argv, terminal };
}

/** What is wanted of a task's own command besides its output. */
export interface AttachRequest {
  readonly wantsInput: boolean;
  readonly terminal?: NonNullable<SessionRequest['terminal']>;
}

/** Such a wish as a query: `input=true`, and `rows` and `columns` of the terminal at the other end. */
export function encodeAttachQuery({ wantsInput, terminal }: AttachRequest): string {
  const query = new URLSearchParams(wantsInput ? { input: 'true' } : {});
  setSize(query, terminal);
  return query.toString();
}

/** Reads it again. */
export function decodeAttachQuery(query: URLSearchParams): AttachRequest {
  const terminal = sizeIn(query);
  return { wantsInput: query.get('input') === 'true', ...(terminal === undefined ? {} : { terminal }) };
}

function setSize(query: URLSearchParams, size: SessionRequest['terminal']): void {
  if (size === undefined) return;
  query.set('rows', String(size.rows));
  query.set('columns', String(size.columns));
}

function sizeIn(query: URLSearchParams): SessionRequest['terminal'] {
  return decodeTerminalSize({ rows: Number(query.get('rows')), columns: Number(query.get('columns')) });
}

/** A size that a terminal can have. */
export function decodeTerminalSize(value: unknown): NonNullable<SessionRequest['terminal']> | undefined {
  if (typeof value !== 'object' || value === null || !('rows' in value) || !('columns' in value)) return undefined;
  const { rows, columns } = value;
  const isSize = (size: unknown): size is number =>
    typeof size === 'number' && Number.isInteger(size) && size > 0 && size < 10_000;
  return isSize(rows) && isSize(columns) ? { rows, columns } : undefined;
}

/** One frame. */
export function encodeFrame(channel: number, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(HEADER_BYTES + payload.length);
  frame[0] = channel;
  new DataView(frame.buffer).setUint32(1, payload.length);
  frame.set(payload, HEADER_BYTES);
  return frame;
}

/** Takes a stream apart. Give it what arrives; it calls back for each whole frame. */
export class FrameReader {
  private rest: Uint8Array = new Uint8Array(0);
  private readonly onFrame: (channel: number, payload: Uint8Array) => void;

  constructor(onFrame: (channel: number, payload: Uint8Array) => void) {
    this.onFrame = onFrame;
  }

  /** @returns false when what arrives are no frames: the stream has to be ended */
  push(chunk: Uint8Array): boolean {
    let data = chunk;
    if (this.rest.length > 0) {
      data = new Uint8Array(this.rest.length + chunk.length);
      data.set(this.rest);
      data.set(chunk, this.rest.length);
    }
    while (data.length >= HEADER_BYTES) {
      const length = new DataView(data.buffer, data.byteOffset).getUint32(1);
      if (length > FRAME_BYTES_MAX) return false;
      if (data.length < HEADER_BYTES + length) break;
      this.onFrame(data[0] ?? 0, data.subarray(HEADER_BYTES, HEADER_BYTES + length));
      data = data.subarray(HEADER_BYTES + length);
    }
    this.rest = data.slice();
    return true;
  }
}
