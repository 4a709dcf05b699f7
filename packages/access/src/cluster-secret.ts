/**
 * The secret that the machines of one cluster share, and that people show to reach it from elsewhere. While it is changed
 * there are two: its file has the one that is shown in its first line, and in further ones those that are taken as well.
 */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  PlatformError,
  errorCode,
  type Clock,
  type Logger,
  type Random,
  type TimerHandle,
  type Timers,
} from '@stadion/base';
import { followFile } from './follow-file.ts';
import { Secret } from './secret.ts';

const SECRET_WORDS = 8;
const SECRET_CHARACTERS_MIN = 16;
const SECRET_CHARACTERS_MAX = 1024;
/** More are no change of secrets but a list of passwords, which is what the access file is for. */
const SECRETS_MAX = 3;

/** What is shown to others, and what is taken from them. Whoever keeps it sees it change. */
export class ClusterSecret extends Secret {
  private known: readonly Secret[];
  private readonly listeners: (() => void)[] = [];

  /** @param more taken as well */
  constructor(shown: Secret, ...more: readonly Secret[]) {
    super(shown.reveal());
    this.known = [shown, ...more];
  }

  /** What is shown first. */
  get all(): readonly Secret[] {
    return this.known;
  }

  /** The one that is shown. */
  override reveal(): string {
    return this.known[0]?.reveal() ?? super.reveal();
  }

  /** Whether a text is any of them; takes as long for all texts. */
  override matches(text: string): boolean {
    return this.known.filter((secret) => secret.matches(text)).length > 0;
  }

  /** Tells of each change from now on. */
  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** Others hold from now on. @returns whether anything is different */
  become({ known }: ClusterSecret): boolean {
    const isSame =
      known.map((secret) => secret.reveal()).join('\n') === this.known.map((one) => one.reveal()).join('\n');
    if (isSame) return false;
    this.known = known;
    for (const tell of this.listeners) tell();
    return true;
  }
}

/**
 * Reads the secret from its file, making one when there is no such file.
 * @param random the system's: its numbers cannot be guessed
 * @throws PlatformError `secret-unusable`
 */
export async function loadClusterSecret(path: string, random: Random): Promise<ClusterSecret> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') {
      throw unusable(path, `it cannot be read (${errorCode(error) ?? 'unknown error'})`, error);
    }
    return createSecret(path, random);
  }
  return secretIn(text, path);
}

function secretIn(text: string, path: string): ClusterSecret {
  const [shown = '', ...more] = text.trim().split(/\s*\n\s*/);
  const isSecret = (line: string): boolean =>
    line.length >= SECRET_CHARACTERS_MIN && line.length <= SECRET_CHARACTERS_MAX && !/[^!-~]/.test(line);
  if (more.length >= SECRETS_MAX || ![shown, ...more].every(isSecret)) {
    throw unusable(
      path,
      `it must hold ${String(SECRET_CHARACTERS_MIN)} to ${String(SECRET_CHARACTERS_MAX)} printable characters without spaces, ` +
        `or one such line for what is shown and up to ${String(SECRETS_MAX - 1)} for what is taken as well`,
    );
  }
  return new ClusterSecret(new Secret(shown), ...more.map((line) => new Secret(line)));
}

/**
 * Keeps a secret as its file is, as {@link followFile} does.
 * @throws PlatformError `secret-unusable`
 */
export function followSecretFile(
  path: string,
  secret: ClusterSecret,
  time: Clock & Timers,
  log: Logger,
): Promise<TimerHandle> {
  const read = async (): Promise<boolean> => secret.become(secretIn(await readFile(path, 'utf8'), path));
  return followFile({ path, name: 'The secret of the cluster', read }, time, log);
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

async function createSecret(path: string, random: Random): Promise<ClusterSecret> {
  const words = Uint32Array.from({ length: SECRET_WORDS }, () => random.uint32());
  const secret = new Secret(Buffer.from(words.buffer).toString('base64url'));
  await saveClusterSecret(path, secret);
  return new ClusterSecret(secret);
}

function unusable(path: string, why: string, cause?: unknown): PlatformError {
  return new PlatformError(
    'secret-unusable',
    `The secret file ${path} cannot be used: ${why}. Give another one with --secret-file; a missing one is made.`,
    { details: { path }, ...(cause === undefined ? {} : { cause }) },
  );
}
