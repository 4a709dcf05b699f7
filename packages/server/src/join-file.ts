/** `join-token` in the data directory: what `stadion token` prints, for `stadion join` on another machine. */
import { join } from 'node:path';
import { encodeJoinToken, type Secret } from '@stadion/access';
import { writeWhole } from './pid-file.ts';

const FILE_NAME = 'join-token';

/** Writes the token, readable by its owner only; without a secret nobody can join, and there is none. Gives its path. */
export async function writeJoinToken(
  dataDirectory: string,
  secret: Secret | undefined,
  where: { readonly zk: string | undefined; readonly masters: readonly string[]; readonly tls: boolean },
): Promise<string | undefined> {
  if (secret === undefined) return undefined;
  const path = join(dataDirectory, FILE_NAME);
  await writeWhole(path, `${encodeJoinToken({ secret, ...where })}\n`);
  return path;
}
