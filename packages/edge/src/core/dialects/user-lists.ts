/** Users and the hashes of their passwords, as labels carry them. */

/** The hashes that can be checked: Apache's MD5, crypt's MD5, SHA-256 and SHA-512, SHA-1, bcrypt. */
const HASH = /^(\$apr1\$|\$1\$|\$5\$|\$6\$|\$2[aby]\$|\{SHA\})/;

/** Whether a text is a hash that can be checked. */
export function isKnownHash(hash: string): boolean {
  return HASH.test(hash);
}

/**
 * What is wrong with a list of users.
 * @param users `user:hash` for basic, `user:realm:hash` (MD5 in hex) for digest
 */
export function userListProblem(users: readonly string[], kind: 'basic' | 'digest'): string | undefined {
  for (const user of users) {
    const parts = user.split(':');
    const name = parts[0] ?? '';
    if (name === '') return 'a user has no name';
    if (kind === 'digest') {
      if (parts.length !== 3 || !/^[0-9a-f]{32}$/i.test(parts[2] ?? '')) {
        return `the user '${name}' is not of the form user:realm:hash with an MD5 hash in hex`;
      }
    } else if (parts.length < 2 || !isKnownHash(parts.slice(1).join(':'))) {
      return `the password of '${name}' is not hashed in a way that is known (apr1, MD5, SHA-1, SHA-256, SHA-512, bcrypt)`;
    }
  }
  return undefined;
}
