/**
 * The MD5 hashes of crypt(3) and Apache (`$1$`, `$apr1$`) and the SHA ones (`$5$`, `$6$`; Ulrich Drepper's specification,
 * version 0.6), which Node does not bring.
 */
import { createHash } from 'node:crypto';

const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** Rounds beyond this would let a label burn the processor. */
const ROUNDS_MAX = 200_000;

function digest(algorithm: string, ...parts: readonly (Buffer | string)[]): Buffer {
  const hash = createHash(algorithm);
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** Three bytes as `count` characters, the lowest six bits first. */
function encode(high: number, middle: number, low: number, count: number): string {
  let value = (high << 16) | (middle << 8) | low;
  let text = '';
  for (let index = 0; index < count; index += 1) {
    text += ALPHABET.charAt(value & 63);
    value >>>= 6;
  }
  return text;
}

/** The hash of a password with the salt of another hash; undefined when that is none. */
export function md5Crypt(password: string, like: string): string | undefined {
  const match = /^\$(1|apr1)\$([^$]{0,8})/.exec(like);
  if (match === null) return undefined;
  const [, kind = '', salt = ''] = match;
  const key = Buffer.from(password);
  const alternate = digest('md5', key, salt, key);
  const first: (Buffer | string)[] = [key, `$${kind}$`, salt];
  for (let left = key.length; left > 0; left -= 16) first.push(alternate.subarray(0, Math.min(16, left)));
  for (let bits = key.length; bits > 0; bits >>= 1) {
    first.push((bits & 1) === 1 ? Buffer.from([0]) : key.subarray(0, 1));
  }
  let result = digest('md5', ...first);
  for (let round = 0; round < 1000; round += 1) {
    const parts: (Buffer | string)[] = [round % 2 === 1 ? key : result];
    if (round % 3 !== 0) parts.push(salt);
    if (round % 7 !== 0) parts.push(key);
    parts.push(round % 2 === 1 ? result : key);
    result = digest('md5', ...parts);
  }
  const byte = (index: number): number => result[index] ?? 0;
  let text = '';
  for (const [high, middle, low] of [
    [0, 6, 12],
    [1, 7, 13],
    [2, 8, 14],
    [3, 9, 15],
    [4, 10, 5],
  ] as const) {
    text += encode(byte(high), byte(middle), byte(low), 4);
  }
  return `$${kind}$${salt}$${text}${encode(0, 0, byte(11), 2)}`;
}

/** The hash of a password with the salt and rounds of another hash; undefined when that is none, or has too many rounds. */
export function shaCrypt(password: string, like: string): string | undefined {
  const match = /^\$(5|6)\$(?:rounds=(\d+)\$)?([^$]{0,16})/.exec(like);
  if (match === null) return undefined;
  const [, kind = '', roundsText, salt = ''] = match;
  const rounds = roundsText === undefined ? 5000 : Math.max(1000, Number(roundsText));
  if (rounds > ROUNDS_MAX) return undefined;
  const algorithm = kind === '5' ? 'sha256' : 'sha512';
  const size = kind === '5' ? 32 : 64;
  const key = Buffer.from(password);
  const alternate = digest(algorithm, key, salt, key);
  const first: (Buffer | string)[] = [key, salt, repeated(alternate, key.length, size)];
  for (let bits = key.length; bits > 0; bits >>= 1) first.push((bits & 1) === 1 ? alternate : key);
  let result = digest(algorithm, ...first);
  const p = repeated(digest(algorithm, ...Array.from({ length: key.length }, () => key)), key.length, size);
  const saltTimes = 16 + (result[0] ?? 0);
  const s = repeated(
    digest(algorithm, ...Array.from({ length: saltTimes }, () => salt)),
    Buffer.byteLength(salt),
    size,
  );
  for (let round = 0; round < rounds; round += 1) {
    const parts: Buffer[] = [round % 2 === 1 ? p : result];
    if (round % 3 !== 0) parts.push(s);
    if (round % 7 !== 0) parts.push(p);
    parts.push(round % 2 === 1 ? result : p);
    result = digest(algorithm, ...parts);
  }
  const prefix = `$${kind}$${roundsText === undefined ? '' : `rounds=${String(rounds)}$`}${salt}$`;
  return prefix + (kind === '5' ? sha256Text(result) : sha512Text(result));
}

function repeated(block: Buffer, length: number, size: number): Buffer {
  return Buffer.concat(
    Array.from({ length: Math.ceil(length / size) }, () => block),
    Math.max(0, length),
  ).subarray(0, length);
}

/** The bytes of SHA-256 in their order: groups of g, g + 10, g + 20, each beginning with another of the three. */
function sha256Text(result: Buffer): string {
  return groupsText(result, 10, (group) => (3 - (group % 3)) % 3) + encode(0, result[31] ?? 0, result[30] ?? 0, 3);
}

/** The same for SHA-512, in groups of g, g + 21, g + 42. */
function sha512Text(result: Buffer): string {
  return groupsText(result, 21, (group) => group % 3) + encode(0, 0, result[63] ?? 0, 2);
}

function groupsText(result: Buffer, step: number, turnOf: (group: number) => number): string {
  let text = '';
  for (let group = 0; group < step; group += 1) {
    const byte = (offset: number): number => result[group + step * ((turnOf(group) + offset) % 3)] ?? 0;
    text += encode(byte(0), byte(1), byte(2), 4);
  }
  return text;
}
