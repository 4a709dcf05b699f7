/**
 * Tells who sends a request, from what it shows: a password, a token, or a signed token (JWT). The file may change while the
 * platform runs; one that cannot be read leaves what was known before, and says so in the log.
 */
import { createHash, createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import {
  PlatformError,
  describeError,
  errorCode,
  type Clock,
  type Logger,
  type TimerHandle,
  type Timers,
} from '@stadion/base';
import type { JWTPayload } from 'jose';
import { readAccessRules, type AccessRules, type Issuer } from './core/access-rules.ts';
import { readGrant, type Identity } from './core/permission.ts';
import { followFile } from './follow-file.ts';
import { isPassword } from './password.ts';

/** A password that was right counts as right this long without being tried again: trying takes time on purpose. */
const PASSWORD_REMEMBERED_MS = 60_000;
const PASSWORDS_REMEMBERED_MAX = 1_000;
/** Passwords that are tried at the same time; whoever comes then has to wait. */
const TRIES_MAX = 4;
const TRIES_WAITING_MAX = 64;
const FILE_BYTES_MAX = 4 * 1024 * 1024;
const ALGORITHMS = { public: ['RS256', 'PS256', 'ES256', 'EdDSA'], secret: ['HS256'] };

/** What the file said when it was read last, with its keys. */
interface Known {
  readonly rules: AccessRules;
  readonly keys: ReadonlyMap<Issuer, KeyObject>;
}

/** Who is known to a platform. */
export class AccessControl {
  private readonly time: Clock & Timers;
  private readonly log: Logger;
  private known: Known = { rules: { users: new Map(), tokens: new Map(), issuers: [] }, keys: new Map() };
  private readonly remembered = new Map<string, { readonly identity: Identity; readonly until: number }>();
  private tries = 0;
  private readonly waiting: (() => void)[] = [];
  private watching: TimerHandle | undefined;

  private constructor(time: Clock & Timers, log: Logger) {
    this.time = time;
    this.log = log;
  }

  /** Reads the file, and again when it changes. @throws PlatformError `access-file-unusable` */
  static async open(path: string, time: Clock & Timers, log: Logger): Promise<AccessControl> {
    const whole = resolve(path);
    const access = new AccessControl(time, log);
    const read = async (): Promise<boolean> => access.become(await readKnown(whole));
    access.watching = await followFile({ path: whole, name: 'The access file', read }, time, log);
    return access;
  }

  /** Looks at the file no more. */
  close(): void {
    this.watching?.cancel();
  }

  /**
   * Who shows this.
   * @param authorization the header's value: `Basic`, `Bearer`, or DC/OS's `token=`
   * @returns undefined when nobody is known by it
   */
  async identify(authorization: string | undefined): Promise<Identity | undefined> {
    const text = (authorization ?? '').trim();
    const basic = /^basic\s+(\S+)$/i.exec(text)?.[1];
    if (basic !== undefined) return this.byPassword(Buffer.from(basic, 'base64').toString());
    const shown = /^(?:bearer\s+|token=)(\S+)$/i.exec(text)?.[1];
    if (shown === undefined) return undefined;
    return this.byToken(shown) ?? (await this.bySignature(shown));
  }

  private byToken(shown: string): Identity | undefined {
    const token = this.known.rules.tokens.get(digest(shown));
    if (token === undefined || (token.expires !== undefined && token.expires <= this.time.now())) return undefined;
    return { name: token.name, grants: token.grants };
  }

  private async byPassword(credentials: string): Promise<Identity | undefined> {
    const colon = credentials.indexOf(':');
    const name = credentials.slice(0, colon);
    const password = credentials.slice(colon + 1);
    // Tools that know nothing but passwords show their token as one.
    const token = this.byToken(password);
    if (colon < 0 || token !== undefined) return token;
    const { known } = this;
    const user = known.rules.users.get(name);
    if (user === undefined) return undefined;
    const key = digest(`${credentials}\n${user.password}`);
    const remembered = this.remembered.get(key);
    if (remembered !== undefined && remembered.until > this.time.monotonic()) return remembered.identity;
    if (!(await this.inTurn(() => isPassword(password, user.password)))) return undefined;
    const identity = { name, grants: user.grants };
    // The file has changed while the password was tried: what it granted before is not to be remembered.
    if (this.known !== known) return identity;
    if (this.remembered.size >= PASSWORDS_REMEMBERED_MAX) this.remembered.clear();
    this.remembered.set(key, { identity, until: this.time.monotonic() + PASSWORD_REMEMBERED_MS });
    return identity;
  }

  private async bySignature(shown: string): Promise<Identity | undefined> {
    const { decodeJwt, errors, jwtVerify } = await import('jose');
    let claimed: string | undefined;
    try {
      claimed = decodeJwt(shown).iss;
    } catch {
      return undefined;
    }
    const { rules, keys } = this.known;
    for (const issuer of rules.issuers) {
      const key = keys.get(issuer);
      if (issuer.issuer !== claimed || key === undefined) continue;
      const { audience } = issuer;
      try {
        const { payload } = await jwtVerify(shown, key, {
          issuer: issuer.issuer,
          ...(audience === undefined ? {} : { audience }),
          algorithms: key.type === 'secret' ? ALGORITHMS.secret : ALGORITHMS.public,
          requiredClaims: ['exp', issuer.nameClaim],
          currentDate: new Date(this.time.now()),
        });
        return identityOf(issuer, payload);
      } catch (error) {
        if (!(error instanceof errors.JOSEError)) throw error;
        this.log.debug({ issuer: issuer.issuer, error: error.message }, 'A signed token was not accepted');
      }
    }
    return undefined;
  }

  /** Tries a few passwords at a time; one too many that wait are refused unheard. */
  private async inTurn(check: () => Promise<boolean>): Promise<boolean> {
    if (this.tries < TRIES_MAX) this.tries += 1;
    else {
      if (this.waiting.length >= TRIES_WAITING_MAX) return false;
      // Whoever is done hands its place over, so that nobody who comes in between takes one more.
      await new Promise<void>((turn) => this.waiting.push(turn));
    }
    try {
      return await check();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.tries -= 1;
      else next();
    }
  }

  private become(known: Known): boolean {
    this.known = known;
    this.remembered.clear();
    return true;
  }
}

async function readKnown(path: string): Promise<Known> {
  try {
    const { size, mode } = await stat(path);
    if (size > FILE_BYTES_MAX) throw unusable(path, 'it is too large');
    if ((mode & 0o022) !== 0) throw unusable(path, 'others than its owner may write to it (chmod go-w)');
    const rules = readAccessRules(JSON.parse(await readFile(path, 'utf8')));
    if (!rules.ok) throw unusable(path, rules.problem);
    const keys = new Map<Issuer, KeyObject>();
    for (const issuer of rules.rules.issuers) {
      const text = await readFile(resolve(dirname(path), issuer.keyFile), 'utf8');
      keys.set(issuer, text.includes('-----BEGIN') ? createPublicKey(text) : createSecretKey(text.trim(), 'utf8'));
    }
    return { rules: rules.rules, keys };
  } catch (error) {
    if (errorCode(error) === 'access-file-unusable') throw error;
    throw unusable(path, describeError(error), error);
  }
}

function identityOf(issuer: Issuer, payload: JWTPayload): Identity | undefined {
  const name = payload[issuer.nameClaim];
  if (typeof name !== 'string' || name === '') return undefined;
  const claimed = issuer.grantsClaim === undefined ? [] : payload[issuer.grantsClaim];
  const grants = (Array.isArray(claimed) ? claimed : []).flatMap((text: unknown) => {
    // A claim may hold words that mean something elsewhere.
    const grant = typeof text === 'string' ? readGrant(text) : '';
    return typeof grant === 'string' ? [] : [grant];
  });
  return { name, grants: [...issuer.grants, ...grants] };
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function unusable(path: string, why: string, cause?: unknown): PlatformError {
  return new PlatformError('access-file-unusable', `The access file ${path} cannot be used: ${why}.`, {
    details: { path },
    ...(cause === undefined ? {} : { cause }),
  });
}
