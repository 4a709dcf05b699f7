/**
 * Heads of HTTP/1 messages (RFC 9112), read so that they have one meaning only: whatever two servers could read in two ways
 * is refused instead of mended. Request smuggling lives from mending.
 */

/** How the body of a message is told from what follows it (RFC 9112 section 6.3). */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'chunked' }
  /** All that comes until the connection ends: answers only. */
  | { readonly kind: 'until-close' };

/** What requests and answers have in common. */
export interface Http1Fields {
  /** Names as they came and values, by turns. */
  readonly rawHeaders: readonly string[];
  /** The names in lower case, half as many. */
  readonly names: readonly string[];
  /** The values of Connection, joined by commas, in lower case. */
  readonly connection: string | undefined;
}

/** The head of a request. */
export interface RequestHead extends Http1Fields {
  readonly method: string;
  readonly target: string;
  readonly version: '1.0' | '1.1';
  readonly framing: Framing;
  /** Whether the connection may carry another request afterwards. */
  readonly keepsAlive: boolean;
  /** Whether another protocol is asked for. */
  readonly isUpgrade: boolean;
  /** Whether the client waits to be told to go on before it sends the body. */
  readonly expectsContinue: boolean;
  /** What is wrong with it although it could be read; nothing after it can be trusted. */
  readonly problem: string | undefined;
}

/** The head of an answer. */
export interface AnswerHead extends Http1Fields {
  readonly status: number;
  readonly framing: Framing;
  readonly keepsAlive: boolean;
  /** How long the server says that it keeps the connection, in seconds. */
  readonly keepAliveSeconds: number | undefined;
}

/** A head that cannot be read. `status` is what a client is told. */
export interface HeadRefusal {
  readonly status: 400 | 431 | 505;
  readonly reason: string;
}

/** Limits of a head. */
export interface HeadLimits {
  readonly headerCount: number;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Control characters, and ends of lines that are no ends of lines. */
const STRANGE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]|\r[^\n]|[^\r]\n/;
const LENGTH = /^\d{1,15}$/;
const NONE: Framing = { kind: 'none' };
const CHUNKED: Framing = { kind: 'chunked' };
const UNTIL_CLOSE: Framing = { kind: 'until-close' };

/** Names that nearly every message has, in their usual spellings: they are known to be tokens, and what they are in lower case. */
const KNOWN_NAMES = new Map<string, string>(
  [
    'Accept', 'Accept-Encoding', 'Accept-Language', 'Accept-Ranges', 'Access-Control-Allow-Origin', 'Age', 'Authorization',
    'Cache-Control', 'Connection', 'Content-Encoding', 'Content-Length', 'Content-Type', 'Cookie', 'Date', 'ETag', 'Etag',
    'Expect', 'Expires', 'Host', 'If-Modified-Since', 'If-None-Match', 'Keep-Alive', 'Last-Modified', 'Location', 'Origin',
    'Pragma', 'Range', 'Referer', 'Server', 'Set-Cookie', 'TE', 'Traceparent', 'Trailer', 'Transfer-Encoding', 'Upgrade',
    'User-Agent', 'Vary', 'Via', 'X-Forwarded-For', 'X-Forwarded-Host', 'X-Forwarded-Proto', 'X-Real-Ip', 'X-Request-Id',
  ].flatMap((name): [string, string][] => [[name, name.toLowerCase()], [name.toLowerCase(), name.toLowerCase()]]),
); // prettier-ignore

/** Reads the head of a request. @param text its lines, each with its end, without the empty one */
export function readRequestHead(text: string, limits: HeadLimits): RequestHead | HeadRefusal {
  if (STRANGE.test(text)) return refused('a character that no head may have');
  const lineEnd = text.indexOf('\r\n');
  const line = text.slice(0, lineEnd);
  const first = line.indexOf(' ');
  const last = line.lastIndexOf(' ');
  const method = line.slice(0, first);
  const target = line.slice(first + 1, last);
  if (first <= 0 || last <= first + 1 || target.includes(' ') || target.includes('\t') || !isMethod(method)) {
    return refused('a first line that is none');
  }
  const protocol = line.slice(last + 1);
  const version = protocol === 'HTTP/1.1' ? '1.1' : protocol === 'HTTP/1.0' ? '1.0' : undefined;
  if (version === undefined) {
    return /^HTTP\/\d\.\d$/.test(protocol)
      ? { status: 505, reason: `the protocol ${protocol}` }
      : refused('a protocol that is none');
  }
  const fields = new FieldReader(text, lineEnd + 2, limits.headerCount);
  const refusal = fields.read();
  if (refusal !== undefined) return refusal;
  if (fields.hosts === 0 && version === '1.1') return refused('no host');
  const problem = fields.requestProblem(version);
  const { connection } = fields;
  const wantsClose = connection !== undefined && hasToken(connection, 'close');
  const wantsMore = version === '1.1' || (connection !== undefined && hasToken(connection, 'keep-alive'));
  return {
    method,
    target,
    version,
    rawHeaders: fields.rawHeaders,
    names: fields.names,
    connection,
    framing: problem === undefined ? fields.requestFraming() : NONE,
    keepsAlive: problem === undefined && wantsMore && !wantsClose,
    isUpgrade: fields.upgrade !== undefined && connection !== undefined && hasToken(connection, 'upgrade'),
    expectsContinue: version === '1.1' && fields.expect?.toLowerCase() === '100-continue',
    problem,
  };
}

/**
 * Reads the head of an answer.
 * @param text its lines, each with its end, without the empty one
 * @param method of the request: some have no body in their answers
 * @returns a text, where it cannot be read
 */
export function readAnswerHead(text: string, method: string, limits: HeadLimits): AnswerHead | string {
  if (STRANGE.test(text)) return 'a character that no head may have';
  const lineEnd = text.indexOf('\r\n');
  const line = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: |$)/.exec(text.slice(0, lineEnd));
  if (line === null) return 'a first line that is none';
  const fields = new FieldReader(text, lineEnd + 2, limits.headerCount);
  const refusal = fields.read();
  if (refusal !== undefined) return refusal.reason;
  const status = Number(line[2]);
  const framing = fields.answerFraming(status, method);
  if (typeof framing === 'string') return framing;
  const { connection } = fields;
  const wantsMore = connection === undefined ? line[1] === '1' : !hasToken(connection, 'close');
  const saysSo = line[1] === '1' || (connection !== undefined && hasToken(connection, 'keep-alive'));
  const seconds = /(?:^|[\s,])timeout=(\d{1,6})/i.exec(fields.keepAlive ?? '')?.[1];
  return {
    status,
    rawHeaders: fields.rawHeaders,
    names: fields.names,
    connection,
    framing,
    keepsAlive: framing.kind !== 'until-close' && wantsMore && saysSo,
    keepAliveSeconds: seconds === undefined ? undefined : Number(seconds),
  };
}

/** Whether a list of tokens (in lower case) has one. */
export function hasToken(list: string, token: string): boolean {
  return list === token || (list.includes(token) && list.split(',').some((one) => one.trim() === token));
}

/** Whether a text may be the name of a header (RFC 9110 section 5.1). */
export function isFieldName(name: string): boolean {
  return KNOWN_NAMES.has(name) || TOKEN.test(name);
}

function refused(reason: string): HeadRefusal {
  return { status: 400, reason };
}

function isMethod(method: string): boolean {
  return method === 'GET' || method === 'POST' || TOKEN.test(method);
}

/** Reads header lines, and remembers those that say where a message ends. */
class FieldReader {
  readonly rawHeaders: string[] = [];
  readonly names: string[] = [];
  connection: string | undefined = undefined;
  keepAlive: string | undefined = undefined;
  upgrade: string | undefined = undefined;
  expect: string | undefined = undefined;
  hosts = 0;
  private lengths = 0;
  private length: string | undefined = undefined;
  private encoding: string | undefined = undefined;
  private readonly text: string;
  private readonly countMax: number;
  private at: number;

  constructor(text: string, start: number, countMax: number) {
    this.text = text;
    this.at = start;
    this.countMax = countMax;
  }

  read(): HeadRefusal | undefined {
    const { text } = this;
    while (this.at < text.length) {
      const end = text.indexOf('\r\n', this.at);
      const colon = text.indexOf(':', this.at);
      if (colon <= this.at || colon > end) return refused('a header without a name');
      const raw = text.slice(this.at, colon);
      let name = KNOWN_NAMES.get(raw);
      if (name === undefined) {
        // This is also where a space before the colon and a folded line end up.
        if (!TOKEN.test(raw)) return refused('a header whose name is none');
        name = raw.toLowerCase();
      }
      if (this.names.length >= this.countMax) return { status: 431, reason: 'too many headers' };
      const value = trimmed(text, colon + 1, end);
      this.rawHeaders.push(raw, value);
      this.names.push(name);
      this.note(name, value);
      this.at = end + 2;
    }
    return undefined;
  }

  /** What is wrong with what a request says of itself. */
  requestProblem(version: string): string | undefined {
    if (this.hosts > 1) return 'it names more than one host';
    if (this.lengths > 0 && (this.lengths > 1 || !LENGTH.test(this.length ?? ''))) return 'its length cannot be read';
    if (this.encoding === undefined) return undefined;
    if (this.encoding !== 'chunked' || version === '1.0') return 'its transfer encoding is not known';
    return this.lengths > 0 ? 'it says its length twice' : undefined;
  }

  requestFraming(): Framing {
    if (this.encoding !== undefined) return CHUNKED;
    return this.length === undefined || this.length === '0' ? NONE : lengthOf(this.length);
  }

  answerFraming(status: number, method: string): Framing | string {
    if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return NONE;
    // A length beside an encoding counts for nothing (RFC 9112 section 6.3).
    if (this.encoding !== undefined) return this.encoding === 'chunked' ? CHUNKED : UNTIL_CLOSE;
    if (this.length === undefined) return UNTIL_CLOSE;
    return LENGTH.test(this.length) ? lengthOf(this.length) : 'a length that cannot be read';
  }

  private note(name: string, value: string): void {
    switch (name) {
      case 'host':
        this.hosts += 1;
        break;
      case 'content-length':
        this.lengths += 1;
        // Twice the same says the same; a request is not forgiven even that.
        this.length = this.length === undefined || this.length === value ? value : 'differs';
        break;
      case 'transfer-encoding':
        this.encoding = this.encoding === undefined ? value.toLowerCase() : `${this.encoding}, ${value}`;
        break;
      case 'connection':
        this.connection =
          this.connection === undefined ? value.toLowerCase() : `${this.connection},${value.toLowerCase()}`;
        break;
      case 'keep-alive':
        this.keepAlive = value;
        break;
      case 'upgrade':
        this.upgrade = value;
        break;
      case 'expect':
        this.expect = value;
        break;
    }
  }
}

function lengthOf(digits: string): Framing {
  const length = Number(digits);
  return length === 0 ? NONE : { kind: 'length', length };
}

/** Without the spaces and tabs around it. */
function trimmed(text: string, start: number, end: number): string {
  let from = start;
  let to = end;
  while (from < to && isSpace(text.charCodeAt(from))) from += 1;
  while (to > from && isSpace(text.charCodeAt(to - 1))) to -= 1;
  return text.slice(from, to);
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
