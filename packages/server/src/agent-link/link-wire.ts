/**
 * The link between agent and master on a socket: HTTP/1.1 upgraded to lines of JSON, one message per line, both ways.
 * It is a connection of its own, so that no long answer stands before a sign of life.
 */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TSchema, Static } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import type { Logger } from '@stadion/base';
import type { Link, LinkReceiver } from '@stadion/contract/agent-link';
import { LINK_BUFFER_BYTES_MAX, LINK_MESSAGE_BYTES_MAX } from '../limits.ts';

/** The path at which a master takes links. */
export const AGENT_LINK_PATH = '/stadion/agent-link';
/** Where, on the master's port, agents ask for secrets of their tasks; the name is the query, `?name=team/db/password`. */
export const AGENT_SECRETS_PATH = '/stadion/secret-of-task';
/** The protocol's name in the `Upgrade` header. */
export const AGENT_LINK_PROTOCOL = 'stadion-agent-link-1';
/** The answer's header that says under which epoch the master leads. */
export const EPOCH_HEADER = 'stadion-epoch';

const NEWLINE = 0x0a;

/** Makes checks of incoming messages by their schema. */
export function messageCheck<Schema extends TSchema>(schema: Schema): (value: unknown) => value is Static<Schema> {
  const compiled = TypeCompiler.Compile(schema);
  return (value): value is Static<Schema> => compiled.Check(value);
}

/**
 * Puts a link onto an open socket. Messages that cannot be read are left out, with a line in the log; a peer that sends
 * without end or does not read is cut off.
 * @param head what had already arrived behind the upgrade
 * @param receiverOf makes the receiver from this end of the link
 */
export function openLink<Outgoing, Incoming>(
  socket: Duplex,
  head: Buffer,
  options: { readonly log: Logger; readonly check: (value: unknown) => value is Incoming },
  receiverOf: (link: Link<Outgoing>) => LinkReceiver<Incoming>,
): Link<Outgoing> {
  const { log, check } = options;
  let isClosed = false;
  const link: Link<Outgoing> = {
    send(message) {
      if (isClosed) return;
      socket.write(`${JSON.stringify(message)}\n`);
      if (socket.writableLength <= LINK_BUFFER_BYTES_MAX) return;
      log.warn({ bytes: socket.writableLength }, 'The other end of an agent link does not read: it is cut off');
      socket.destroy();
    },
    close() {
      // What was sent still goes out; a peer that does not take it is cut off by the socket's timeout.
      socket.end();
      socket.resume();
    },
  };
  const receiver = receiverOf(link);
  const read = lineReader((line) => {
    if (isClosed) return;
    const message = parse(line);
    if (check(message)) receiver.onMessage(message);
    else log.warn({ text: line.toString('utf8', 0, EXCERPT_BYTES) }, 'A message on an agent link cannot be read');
  });
  const onBytes = (bytes: Buffer): void => {
    if (read(bytes)) return;
    log.warn({ limit: LINK_MESSAGE_BYTES_MAX }, 'A message on an agent link is too long: the link is cut');
    socket.destroy();
  };
  socket.on('data', onBytes);
  socket.on('error', (error) => {
    log.debug({ error: error.message }, 'An agent link broke');
  });
  socket.on('end', () => socket.end());
  socket.on('close', () => {
    if (isClosed) return;
    isClosed = true;
    receiver.onClosed();
  });
  if (head.length > 0) onBytes(head);
  return link;
}

/** Prepares a socket for short messages that must not wait, and for peers that vanish. */
export function tuneSocket(socket: Socket): void {
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  socket.setTimeout(0);
}

const KEEP_ALIVE_MS = 15_000;
const EXCERPT_BYTES = 200;

/** Cuts a stream into lines; false once a line is too long. */
function lineReader(onLine: (line: Buffer) => void): (bytes: Buffer) => boolean {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  return (bytes) => {
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
      pending.push(bytes.subarray(start, end));
      onLine(pending.length === 1 && pending[0] !== undefined ? pending[0] : Buffer.concat(pending));
      pending = [];
      pendingBytes = 0;
      start = end + 1;
    }
    if (start === bytes.length) return true;
    pending.push(bytes.subarray(start));
    pendingBytes += bytes.length - start;
    return pendingBytes <= LINK_MESSAGE_BYTES_MAX;
  };
}

function parse(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString()) as unknown;
  } catch {
    return undefined;
  }
}
