/** Passwords are kept as what scrypt makes of them (RFC 7914): slow to try, and of no use to who reads the file. */
import { createHash, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { Random } from '@stadion/base';
import { PASSWORD } from './core/access-rules.ts';

const COST = { log2n: 15, r: 8, p: 1 };
const KEY_BYTES = 32;
const SALT_BYTES = 16;
const TOKEN_BYTES = 32;
/** What a file may ask for: more would let it take the machine's memory. */
const LOG2N_MAX = 17;
const MEMORY_BYTES_MAX = 256 * 1024 * 1024;

const derive = promisify<string, Buffer, number, object, Buffer>(scrypt);

/** Makes the text that stands for a password. @param random the system's: its numbers cannot be guessed */
export async function hashPassword(password: string, random: Random): Promise<string> {
  const salt = bytesOf(random, SALT_BYTES);
  const key = await keyOf(password, salt, COST);
  return `scrypt$${String(COST.log2n)}$${String(COST.r)}$${String(COST.p)}$${salt.toString('base64url')}$${key.toString('base64url')}`;
}

/** Whether a password is the one that a text stands for. */
export async function isPassword(password: string, hash: string): Promise<boolean> {
  const [, log2n = '', r = '', p = '', salt = '', key = ''] = PASSWORD.exec(hash) ?? [];
  if (key === '' || Number(log2n) > LOG2N_MAX) return false;
  const cost = { log2n: Number(log2n), r: Number(r), p: Number(p) };
  return timingSafeEqual(await keyOf(password, Buffer.from(salt, 'base64url'), cost), Buffer.from(key, 'base64url'));
}

/** Makes a token, and what an access file has of it. @param random the system's */
export function makeToken(random: Random): { readonly token: string; readonly sha256: string } {
  const token = bytesOf(random, TOKEN_BYTES).toString('base64url');
  return { token, sha256: createHash('sha256').update(token).digest('hex') };
}

function bytesOf(random: Random, count: number): Buffer {
  return Buffer.from(Uint32Array.from({ length: count / 4 }, () => random.uint32()).buffer);
}

function keyOf(password: string, salt: Buffer, { log2n, r, p }: typeof COST): Promise<Buffer> {
  return derive(password.normalize('NFKC'), salt, KEY_BYTES, { N: 2 ** log2n, r, p, maxmem: MEMORY_BYTES_MAX });
}
