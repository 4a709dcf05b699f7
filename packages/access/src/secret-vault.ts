/** Secrets of apps: sealed before they are stored, opened for the agent that starts a task, and never shown otherwise. */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { PlatformError, type Clock, type Random } from '@stadion/base';
import { Secret } from './secret.ts';

/** AES-256-GCM with a nonce of 12 bytes (NIST SP 800-38D): at most 2^32 values under one key. */
const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const VALUE_BYTES_MAX = 64 * 1024;
const SECRETS_MAX = 10_000;
/** Words as in a path of files; what else people wrote would have to be escaped wherever it is shown. */
const PATH = /^[A-Za-z0-9][A-Za-z0-9._-]*(?:\/[A-Za-z0-9][A-Za-z0-9._-]*){0,9}$/;
const PATH_CHARACTERS_MAX = 256;
/** How many are named where something is wrong with them. */
const NAMED_MAX = 3;
const SAME_KEY =
  'every server of a cluster needs the same key file (secrets.key in its data directory, or --secrets-key-file)';

/** A sealed value: nonce, ciphertext and tag in base64, bound to its path. Times in milliseconds since the epoch. */
export interface SealedSecret {
  readonly sealed: string;
  readonly createdAt: number;
  readonly changedAt: number;
}

/** Where sealed secrets are kept. */
export interface SecretRecords {
  load(): Promise<ReadonlyMap<string, SealedSecret>>;
  put(path: string, record: SealedSecret): Promise<void>;
  delete(path: string): Promise<void>;
}

/** What anybody may know of a secret. */
export interface SecretFacts {
  readonly path: string;
  readonly createdAt: number;
  readonly changedAt: number;
}

/** All secrets of a platform, under one key. */
export class SecretVault {
  private readonly key: Buffer;
  private readonly records: SecretRecords;
  private readonly clock: Clock;
  private readonly random: Random;
  private secrets: Map<string, SealedSecret>;
  private readonly sealedElsewhere: Set<string>;

  private constructor(
    key: Buffer,
    records: SecretRecords,
    ports: { clock: Clock; random: Random },
    known: ReadonlyMap<string, SealedSecret>,
  ) {
    this.key = key;
    this.records = records;
    this.clock = ports.clock;
    this.random = ports.random;
    this.secrets = new Map(known);
    this.sealedElsewhere = new Set(
      [...known].flatMap(([path, { sealed }]) => (this.opens(path, sealed) ? [] : [path])),
    );
  }

  /** Loads what is kept. @param key at least 32 hexadecimal bytes, see `loadVaultKey` */
  static async open(
    key: Secret,
    records: SecretRecords,
    ports: { clock: Clock; random: Random },
  ): Promise<SecretVault> {
    return new SecretVault(Buffer.from(key.reveal(), 'hex'), records, ports, await records.load());
  }

  /** Paths of those that this key does not open. Nothing is set while there is one: no key would open all any more. */
  get unreadable(): readonly string[] {
    return [...this.sealedElsewhere];
  }

  list(): readonly SecretFacts[] {
    return [...this.secrets].map(([path, { createdAt, changedAt }]) => ({ path, createdAt, changedAt }));
  }

  find(path: string): SecretFacts | undefined {
    const record = this.secrets.get(path);
    return record && { path, createdAt: record.createdAt, changedAt: record.changedAt };
  }

  /** Sets a value. @throws PlatformError `secret-path-invalid`, `secret-too-large`, `secrets-full`, `secrets-key-differs` */
  async set(path: string, value: Secret): Promise<void> {
    if (path.length > PATH_CHARACTERS_MAX || !PATH.test(path)) {
      throw new PlatformError(
        'secret-path-invalid',
        `A secret has a path such as team/database/password, not '${path.slice(0, 64)}'.`,
      );
    }
    if (Buffer.byteLength(value.reveal()) > VALUE_BYTES_MAX) {
      throw new PlatformError('secret-too-large', `A secret has at most ${VALUE_BYTES_MAX} bytes.`);
    }
    if (this.sealedElsewhere.size > 0) {
      const named = [...this.sealedElsewhere].slice(0, NAMED_MAX).join(', ');
      throw new PlatformError(
        'secrets-key-differs',
        `${this.sealedElsewhere.size} of the secrets that are kept (${named}${this.sealedElsewhere.size > NAMED_MAX ? ', …' : ''}) were ` +
          `sealed with another key than that of this server: ${SAME_KEY}. If that key is lost, delete them first.`,
      );
    }
    if (this.secrets.size >= SECRETS_MAX && !this.secrets.has(path)) {
      throw new PlatformError('secrets-full', `There are ${SECRETS_MAX} secrets, which is as many as there may be.`);
    }
    const now = this.clock.now();
    const record = {
      sealed: this.seal(path, value),
      createdAt: this.secrets.get(path)?.createdAt ?? now,
      changedAt: now,
    };
    await this.records.put(path, record);
    this.secrets.set(path, record);
  }

  /** @returns whether there was one */
  async delete(path: string): Promise<boolean> {
    if (!this.secrets.has(path)) return false;
    await this.records.delete(path);
    this.sealedElsewhere.delete(path);
    return this.secrets.delete(path);
  }

  /** The value, for the start of a task; undefined when there is none. @throws PlatformError `secret-unreadable` */
  reveal(path: string): Secret | undefined {
    const record = this.secrets.get(path);
    return record && this.open(path, record.sealed);
  }

  private seal(path: string, value: Secret): string {
    const nonce = Buffer.from(Uint32Array.from({ length: NONCE_BYTES / 4 }, () => this.random.uint32()).buffer);
    const cipher = createCipheriv(ALGORITHM, this.key, nonce).setAAD(Buffer.from(path));
    const text = Buffer.concat([cipher.update(value.reveal(), 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, text, cipher.getAuthTag()]).toString('base64');
  }

  private opens(path: string, sealed: string): boolean {
    try {
      this.open(path, sealed);
      return true;
    } catch {
      return false;
    }
  }

  private open(path: string, sealed: string): Secret {
    const bytes = Buffer.from(sealed, 'base64');
    try {
      const decipher = createDecipheriv(ALGORITHM, this.key, bytes.subarray(0, NONCE_BYTES))
        .setAAD(Buffer.from(path))
        .setAuthTag(bytes.subarray(-TAG_BYTES));
      const text = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
      return new Secret(text.toString('utf8'));
    } catch (error) {
      const message = `The secret ${path} cannot be opened with the key of the server that leads: ${SAME_KEY}`;
      throw new PlatformError('secret-unreadable', message, { cause: error });
    }
  }
}
