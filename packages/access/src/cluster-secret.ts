/** The secret that the machines of one cluster share, and that people show to reach it from elsewhere. */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PlatformError, errorCode, type Random } from '@stadion/base';
import { Secret } from './secret.ts';

const SECRET_WORDS = 8;
const SECRET_CHARACTERS_MIN = 16;
const SECRET_CHARACTERS_MAX = 1024;

/**
 * Reads the secret from its file, making one when there is no such file.
 * @param random the system's: its numbers cannot be guessed
 * @throws PlatformError `secret-unusable`
 */
export async function loadClusterSecret(path: string, random: Random): Promise<Secret> {
  let text: string;
  try {
    text = (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') {
      throw unusable(path, `it cannot be read (${errorCode(error) ?? 'unknown error'})`, error);
    }
    return createSecret(path, random);
  }
  const length = text.length;
  if (length < SECRET_CHARACTERS_MIN || length > SECRET_CHARACTERS_MAX || /[^!-~]/.test(text)) {
    throw unusable(
      path,
      `it must hold ${String(SECRET_CHARACTERS_MIN)} to ${String(SECRET_CHARACTERS_MAX)} printable characters without spaces`,
    );
  }
  return new Secret(text);
}

/** Keeps a secret in a file that only its owner reads. @throws PlatformError `secret-unusable` */
export async function saveClusterSecret(path: string, secret: Secret): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(path, `${secret.reveal()}\n`, { mode: 0o600 });
    await chmod(path, 0o600);
  } catch (error) {
    throw unusable(path, `it cannot be written (${errorCode(error) ?? 'unknown error'})`, error);
  }
}

/** What a request shows of the secret: `Authorization: Bearer SECRET`, or `Basic` with it as the password of any user. */
export function showsSecret(authorization: string | undefined, secret: Secret): boolean {
  const [scheme = '', value = ''] = (authorization ?? '').trim().split(/\s+/, 2);
  switch (scheme.toLowerCase()) {
    case 'bearer':
      return secret.matches(value);
    case 'basic': {
      const text = Buffer.from(value, 'base64').toString();
      return secret.matches(text.slice(text.indexOf(':') + 1));
    }
    default:
      return false;
  }
}

/** The header that shows the secret. */
export function authorizationOf(secret: Secret): string {
  return `Bearer ${secret.reveal()}`;
}

async function createSecret(path: string, random: Random): Promise<Secret> {
  const words = Uint32Array.from({ length: SECRET_WORDS }, () => random.uint32());
  const secret = new Secret(Buffer.from(words.buffer).toString('base64url'));
  await saveClusterSecret(path, secret);
  return secret;
}

function unusable(path: string, why: string, cause?: unknown): PlatformError {
  return new PlatformError(
    'secret-unusable',
    `The secret file ${path} cannot be used: ${why}. Give another one with --secret-file; a missing one is made.`,
    { details: { path }, ...(cause === undefined ? {} : { cause }) },
  );
}
