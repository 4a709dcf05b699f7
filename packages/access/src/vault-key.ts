/** A key, as secrets are sealed with: a file that only its owner reads. */
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode, PlatformError, type Random } from '@stadion/base';
import { Secret } from './secret.ts';

const KEY_WORDS = 8;

/**
 * Reads the key, making one when there is no such file. Without it the secrets are lost: keep it with the backups, and
 * give every server of a cluster the same.
 * @throws PlatformError `vault-key-unusable`
 */
export async function loadVaultKey(path: string, random: Random): Promise<Secret> {
  try {
    const text = (await readFile(path, 'utf8')).trim();
    if (((await stat(path)).mode & 0o077) !== 0) throw unusable(path, 'others may read it: chmod 600 it');
    if (!/^[0-9a-f]{64}$/.test(text)) throw unusable(path, 'it must hold 64 hexadecimal digits');
    return new Secret(text);
  } catch (error) {
    if (error instanceof PlatformError) throw error;
    if (errorCode(error) !== 'ENOENT') {
      throw unusable(path, `it cannot be read (${errorCode(error) ?? 'unknown error'})`);
    }
  }
  const text = Array.from({ length: KEY_WORDS }, () => random.uint32().toString(16).padStart(8, '0')).join('');
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `${text}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw unusable(path, `it cannot be written (${errorCode(error) ?? 'unknown error'})`);
  }
  return new Secret(text);
}

function unusable(path: string, why: string): PlatformError {
  return new PlatformError('vault-key-unusable', `The key in ${path} cannot be used: ${why}.`);
}
