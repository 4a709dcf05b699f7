/** Checks passwords against the hashes that Apache's htpasswd and crypt(3) make. */
import { createHash, timingSafeEqual } from 'node:crypto';
import bcrypt from 'bcryptjs';
import { md5Crypt, shaCrypt } from './crypt.ts';

/** How many right pairs are remembered: hashes are slow on purpose, and a browser sends the same pair each time. */
const REMEMBERED_MAX = 1_000;

/** The users of one list. */
export class PasswordVerdicts {
  private readonly users: ReadonlyMap<string, string>;
  private readonly right = new Set<string>();

  /** @param users `user:hash` */
  constructor(users: readonly string[]) {
    this.users = new Map(
      users.map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon), line.slice(colon + 1)];
      }),
    );
  }

  async isRight(user: string, password: string): Promise<boolean> {
    const hash = this.users.get(user);
    if (hash === undefined || password.length > 1_024) return false;
    const key = createHash('sha256').update(`${user}\0${password}`).digest('base64');
    if (this.right.has(key)) return true;
    const isRight = await matches(password, hash);
    if (isRight) {
      if (this.right.size >= REMEMBERED_MAX) this.right.clear();
      this.right.add(key);
    }
    return isRight;
  }
}

/** Whether a password has this hash. */
export async function matches(password: string, hash: string): Promise<boolean> {
  if (/^\$2[aby]\$/.test(hash)) return await bcrypt.compare(password, hash);
  if (hash.startsWith('{SHA}')) {
    return isSame(`{SHA}${createHash('sha1').update(password).digest('base64')}`, hash);
  }
  const computed = /^\$(5|6)\$/.test(hash) ? shaCrypt(password, hash) : md5Crypt(password, hash);
  return computed !== undefined && isSame(computed, hash);
}

function isSame(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}
