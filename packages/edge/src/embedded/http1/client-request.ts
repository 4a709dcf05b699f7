/** A request over HTTP/1. */
import type { Socket } from 'node:net';
import type { PeerCertificate } from 'node:tls';
import type { RequestHead } from '../../core/wire/http1-head.ts';
import { certificateOf, type Headers, type Incoming, type IncomingBody } from '../incoming.ts';

/** Of these only the first counts, where there are several. */
const SINGLE: ReadonlySet<string> = new Set([
  'age',
  'authorization',
  'content-length',
  'content-type',
  'etag',
  'expires',
  'from',
  'host',
  'if-modified-since',
  'if-unmodified-since',
  'last-modified',
  'location',
  'max-forwards',
  'proxy-authorization',
  'referer',
  'retry-after',
  'server',
  'user-agent',
]);

/** The request. Its headers are put in a table when somebody first asks. */
export class ClientRequest implements Incoming {
  readonly method: string;
  readonly target: string;
  readonly httpVersion: string;
  readonly rawHeaders: readonly string[];
  readonly names: readonly string[];
  readonly body: IncomingBody | undefined;
  readonly problem: string | undefined;
  private readonly socket: Socket;
  private table: Headers | undefined = undefined;

  constructor(head: RequestHead, body: IncomingBody | undefined, socket: Socket) {
    this.method = head.method;
    this.target = head.target;
    this.httpVersion = head.version;
    this.rawHeaders = head.rawHeaders;
    this.names = head.names;
    this.body = body;
    this.problem = head.problem;
    this.socket = socket;
  }

  get headers(): Headers {
    this.table ??= tableOf(this.names, this.rawHeaders);
    return this.table;
  }

  header(name: string): string | undefined {
    const { names } = this;
    const at = names.indexOf(name);
    if (at < 0) return undefined;
    if (!names.includes(name, at + 1)) return this.rawHeaders[at * 2 + 1];
    const value = this.headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  }

  peerCertificate(): PeerCertificate | undefined {
    return certificateOf(this.socket);
  }
}

function tableOf(names: readonly string[], rawHeaders: readonly string[]): Headers {
  // A name that every object has by birth is no header.
  const table = Object.create(null) as Record<string, string | string[] | undefined>;
  for (const [index, name] of names.entries()) {
    const value = rawHeaders[index * 2 + 1] ?? '';
    const known = table[name];
    if (known === undefined) table[name] = name === 'set-cookie' ? [value] : value;
    else if (Array.isArray(known)) known.push(value);
    else if (!SINGLE.has(name)) table[name] = `${known}${name === 'cookie' ? '; ' : ', '}${value}`;
  }
  return table;
}
