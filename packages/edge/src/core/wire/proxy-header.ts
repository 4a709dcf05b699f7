/** HAProxy's PROXY protocol, versions 1 and 2: who the client of a connection is, said by the proxy before it. */

/** What a header says. */
export interface ProxyHeader {
  /** The client; empty when the proxy speaks for itself (a health check). */
  readonly clientIp: string;
  readonly clientPort: number;
  /** Bytes of the header, which are not the client's. */
  readonly length: number;
}

const SIGNATURE = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];
const V1_LENGTH_MAX = 107;
const V2_LENGTH_MAX = 536;

/** @returns `more` when the bytes end too early, `none` when there is no header, `bad` when it is broken */
export function readProxyHeader(bytes: Uint8Array): ProxyHeader | 'more' | 'none' | 'bad' {
  if (bytes.length === 0) return 'more';
  if (bytes[0] === 0x0d) return readVersion2(bytes);
  return bytes[0] === 0x50 ? readVersion1(bytes) : 'none';
}

function readVersion1(bytes: Uint8Array): ProxyHeader | 'more' | 'none' | 'bad' {
  const text = latin1(bytes.subarray(0, V1_LENGTH_MAX + 1));
  if (!'PROXY '.startsWith(text.slice(0, 6))) return 'none';
  const end = text.indexOf('\r\n');
  if (end < 0) return bytes.length > V1_LENGTH_MAX ? 'bad' : 'more';
  const length = end + 2;
  const [, kind, client = '', , port = ''] = text.slice(0, end).split(' ');
  if (kind === 'UNKNOWN') return { clientIp: '', clientPort: 0, length };
  if ((kind !== 'TCP4' && kind !== 'TCP6') || !/^[0-9a-fA-F.:]+$/.test(client) || !/^\d{1,5}$/.test(port)) return 'bad';
  return { clientIp: client, clientPort: Number(port), length };
}

function readVersion2(bytes: Uint8Array): ProxyHeader | 'more' | 'none' | 'bad' {
  for (let index = 0; index < Math.min(bytes.length, SIGNATURE.length); index += 1) {
    if (bytes[index] !== SIGNATURE[index]) return 'none';
  }
  if (bytes.length < 16) return 'more';
  const command = bytes[12] ?? 0;
  const family = (bytes[13] ?? 0) >> 4;
  const length = 16 + (((bytes[14] ?? 0) << 8) | (bytes[15] ?? 0));
  if (command >> 4 !== 2 || length > V2_LENGTH_MAX) return 'bad';
  if (bytes.length < length) return 'more';
  // LOCAL: the proxy itself; also for families that say nothing of addresses.
  if ((command & 15) === 0 || (family !== 1 && family !== 2)) return { clientIp: '', clientPort: 0, length };
  const size = family === 1 ? 4 : 16;
  if (length < 16 + 2 * size + 4) return 'bad';
  const address = bytes.subarray(16, 16 + size);
  const portAt = 16 + 2 * size;
  const clientPort = ((bytes[portAt] ?? 0) << 8) | (bytes[portAt + 1] ?? 0);
  return { clientIp: family === 1 ? address.join('.') : ipv6(address), clientPort, length };
}

function ipv6(bytes: Uint8Array): string {
  const groups: string[] = [];
  for (let index = 0; index < 16; index += 2) {
    groups.push((((bytes[index] ?? 0) << 8) | (bytes[index + 1] ?? 0)).toString(16));
  }
  return groups.join(':');
}

function latin1(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** The ends of a connection, for a header. */
export interface Endpoints {
  readonly clientIp: string;
  readonly clientPort: number;
  readonly localIp: string;
  readonly localPort: number;
}

/** A header of version 1 or 2 for a server behind. Addresses of different kinds are said in version 1's way of not knowing. */
export function proxyHeader(version: 1 | 2, ends: Endpoints): Uint8Array {
  const client = ipv4Bytes(ends.clientIp);
  const local = ipv4Bytes(ends.localIp);
  if (version === 1 || client === undefined || local === undefined) {
    const isIpv6 = ends.clientIp.includes(':') && ends.localIp.includes(':');
    const isIpv4 = client !== undefined && local !== undefined;
    const kind = isIpv4 ? 'TCP4' : 'TCP6';
    const ports = `${String(ends.clientPort)} ${String(ends.localPort)}`;
    const line = isIpv4 || isIpv6 ? `PROXY ${kind} ${ends.clientIp} ${ends.localIp} ${ports}\r\n` : 'PROXY UNKNOWN\r\n';
    return Uint8Array.from(line, (character) => character.charCodeAt(0));
  }
  const ports = [ends.clientPort >> 8, ends.clientPort & 255, ends.localPort >> 8, ends.localPort & 255];
  return Uint8Array.from([...SIGNATURE, 0x21, 0x11, 0, 12, ...client, ...local, ...ports]);
}

function ipv4Bytes(text: string): readonly number[] | undefined {
  const parts = text.split('.').map(Number);
  return parts.length === 4 && parts.every((part) => part >= 0 && part <= 255) ? parts : undefined;
}
