/** `join-token` in the data directory: what `stadion token` prints, for `stadion join` on another machine. */
import { join } from 'node:path';
import { encodeJoinToken, type ClusterSecret } from '@stadion/access';
import { describeError, type Logger } from '@stadion/base';
import { writeWhole } from './pid-file.ts';

const FILE_NAME = 'join-token';

/** Writes the token, readable by its owner only, and again when the secret changes; without one nobody can join. Gives its path. */
export async function writeJoinToken(
  dataDirectory: string,
  secret: ClusterSecret | undefined,
  where: { readonly zk: string | undefined; readonly masters: readonly string[]; readonly tls: boolean },
  log: Logger,
): Promise<string | undefined> {
  if (secret === undefined) return undefined;
  const path = join(dataDirectory, FILE_NAME);
  const write = (): Promise<void> => writeWhole(path, `${encodeJoinToken({ secret, ...where })}\n`);
  await write();
  secret.onChange(() => {
    write().catch((error: unknown) => log.error({ path, error: describeError(error) }, 'The join token is of before'));
  });
  return path;
}
