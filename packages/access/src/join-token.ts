/** The text that brings a machine into a cluster: where its masters are, and the secret. */
import { PlatformError } from '@stadion/base';
import { Secret } from './secret.ts';

/** What a machine needs to know to join. One of `zk` and `masters` at least. */
export interface JoinToken {
  readonly secret: Secret;
  /** `zk://…`, when the cluster meets in ZooKeeper. */
  readonly zk: string | undefined;
  /** URLs of masters, e.g. `http://10.0.0.1:5050`. */
  readonly masters: readonly string[];
  /** Whether the machines of the cluster speak TLS with each other. */
  readonly tls: boolean;
}

const PREFIX = 'stadion1.';
const TOKEN_CHARACTERS_MAX = 8192;

/** Writes the token. Whoever has it may do everything on the cluster. */
export function encodeJoinToken(token: JoinToken): string {
  const { secret, zk, masters, tls } = token;
  const content = { s: secret.reveal(), m: masters, ...(zk === undefined ? {} : { z: zk }), ...(tls && { t: true }) };
  return PREFIX + Buffer.from(JSON.stringify(content)).toString('base64url');
}

/** Reads a token. @throws PlatformError `token-invalid` */
export function decodeJoinToken(text: string): JoinToken {
  const trimmed = text.trim();
  if (!trimmed.startsWith(PREFIX) || trimmed.length > TOKEN_CHARACTERS_MAX) throw invalid();
  let content: unknown;
  try {
    content = JSON.parse(Buffer.from(trimmed.slice(PREFIX.length), 'base64url').toString());
  } catch {
    throw invalid();
  }
  if (typeof content !== 'object' || content === null) throw invalid();
  const { s: secret, m: masters, z: zk, t: tls } = content as Readonly<Record<string, unknown>>;
  if (typeof secret !== 'string' || !Array.isArray(masters)) throw invalid();
  if (zk !== undefined && typeof zk !== 'string') throw invalid();
  const urls = masters.filter((url): url is string => typeof url === 'string' && URL.canParse(url));
  if (urls.length !== masters.length || (urls.length === 0 && zk === undefined)) throw invalid();
  return { secret: new Secret(secret), zk, masters: urls, tls: tls === true };
}

function invalid(): PlatformError {
  return new PlatformError(
    'token-invalid',
    'This is not a join token. Copy the whole line that `stadion token` printed on a server of the cluster.',
  );
}
