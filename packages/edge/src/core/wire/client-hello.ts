/** Reads names and protocols out of the first bytes of a TLS connection (RFC 8446 section 4.1.2), without ending it. */

/** What a ClientHello says. */
export interface ClientHello {
  /** Lower case; empty when no name is given. */
  readonly serverName: string;
  /** Application protocols, by preference. */
  readonly protocols: readonly string[];
}

/** A ClientHello is at most this long here; more is an attack. */
const LENGTH_MAX = 16 * 1024;
const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
const ALPN = 16;

/** @returns `more` when the bytes end too early, `other` when this is no ClientHello */
export function readClientHello(bytes: Uint8Array): ClientHello | 'more' | 'other' {
  const handshake = handshakeBytes(bytes);
  if (typeof handshake === 'string') return handshake;
  const reader = new ByteReader(handshake);
  if (reader.number(1) !== CLIENT_HELLO) return 'other';
  reader.skip(3 + 2 + 32);
  reader.skip(reader.number(1));
  reader.skip(reader.number(2));
  reader.skip(reader.number(1));
  const end = Math.min(handshake.length, reader.number(2) + reader.position);
  let serverName = '';
  let protocols: readonly string[] = [];
  while (reader.position + 4 <= end && !reader.isBroken) {
    const type = reader.number(2);
    const body = reader.take(reader.number(2));
    if (type === SERVER_NAME) serverName = readServerName(body);
    if (type === ALPN) protocols = readProtocols(body);
  }
  return reader.isBroken ? 'other' : { serverName, protocols };
}

/** The handshake message out of its records. */
function handshakeBytes(bytes: Uint8Array): Uint8Array | 'more' | 'other' {
  const parts: Uint8Array[] = [];
  let size = 0;
  let wanted = Infinity;
  let position = 0;
  while (size < wanted) {
    if (bytes.length > 0 && bytes[position] !== undefined && bytes[position] !== HANDSHAKE_RECORD) return 'other';
    if (position + 5 > bytes.length) return bytes.length > LENGTH_MAX ? 'other' : 'more';
    const length = ((bytes[position + 3] ?? 0) << 8) | (bytes[position + 4] ?? 0);
    if (position + 5 + length > bytes.length) return bytes.length > LENGTH_MAX ? 'other' : 'more';
    const part = bytes.subarray(position + 5, position + 5 + length);
    if (length === 0) return 'other';
    parts.push(part);
    size += length;
    position += 5 + length;
    const [first] = parts;
    if (wanted === Infinity && first !== undefined && first.length >= 4) {
      wanted = 4 + (((first[1] ?? 0) << 16) | ((first[2] ?? 0) << 8) | (first[3] ?? 0));
      if (wanted > LENGTH_MAX) return 'other';
    }
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Reads numbers and pieces; beyond the end everything is empty and the whole counts as broken. */
class ByteReader {
  position = 0;
  isBroken = false;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  number(size: number): number {
    let value = 0;
    for (let index = 0; index < size; index += 1) value = value * 256 + (this.bytes[this.position + index] ?? 0);
    this.skip(size);
    return value;
  }

  take(length: number): Uint8Array {
    const piece = this.bytes.subarray(this.position, this.position + length);
    this.skip(length);
    return piece;
  }

  skip(length: number): void {
    this.position += length;
    if (this.position > this.bytes.length) this.isBroken = true;
  }
}

function readServerName(body: Uint8Array): string {
  const reader = new ByteReader(body);
  reader.skip(2);
  if (reader.number(1) !== 0) return '';
  const name = textOf(reader.take(reader.number(2)));
  return reader.isBroken ? '' : name.toLowerCase().replace(/\.$/, '');
}

function readProtocols(body: Uint8Array): readonly string[] {
  const reader = new ByteReader(body);
  reader.skip(2);
  const protocols: string[] = [];
  while (reader.position < body.length && !reader.isBroken) protocols.push(textOf(reader.take(reader.number(1))));
  return protocols;
}

function textOf(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
