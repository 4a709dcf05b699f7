/** The file that says who is known: people with passwords, programs with tokens, and whose signed tokens are believed. */
import { Type, type Static } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { readGrant, type Grant } from './permission.ts';

const Name = Type.String({ pattern: '^[\\w.@-]{1,128}$' });
const Grants = Type.Array(Type.String());

const AccessFile = Type.Object(
  {
    users: Type.Optional(
      Type.Array(Type.Object({ name: Name, password: Type.String(), grants: Grants }, { additionalProperties: false })),
    ),
    tokens: Type.Optional(
      Type.Array(
        Type.Object(
          {
            name: Name,
            sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
            grants: Grants,
            expires: Type.Optional(Type.String()),
          },
          { additionalProperties: false },
        ),
      ),
    ),
    jwt: Type.Optional(
      Type.Array(
        Type.Object(
          {
            issuer: Type.String({ minLength: 1 }),
            audience: Type.Optional(Type.String({ minLength: 1 })),
            keyFile: Type.String({ minLength: 1 }),
            nameClaim: Type.Optional(Type.String({ minLength: 1 })),
            grantsClaim: Type.Optional(Type.String({ minLength: 1 })),
            grants: Type.Optional(Grants),
          },
          { additionalProperties: false },
        ),
      ),
    ),
  },
  { additionalProperties: false },
);
type AccessFile = Static<typeof AccessFile>;

/** A person, known by a name and a password. */
export interface User {
  readonly name: string;
  /** As `stadion access password` prints it. */
  readonly password: string;
  readonly grants: readonly Grant[];
}

/** A program, known by a text that only it has; the file has the SHA-256 of that. */
export interface Token {
  readonly name: string;
  readonly grants: readonly Grant[];
  /** Milliseconds since the Unix epoch. */
  readonly expires: number | undefined;
}

/**
 * Somebody else's signatures that are believed (RFC 7519). `keyFile` has a public key (PEM, SPKI) for RS256, PS256, ES256 and
 * EdDSA, or a shared secret for HS256. `grantsClaim` names a claim with a list of grants; what it says is added to `grants`.
 */
export type Issuer = Omit<NonNullable<AccessFile['jwt']>[number], 'grants' | 'nameClaim'> & {
  readonly nameClaim: string;
  readonly grants: readonly Grant[];
};

/** Everything that the file says. */
export interface AccessRules {
  readonly users: ReadonlyMap<string, User>;
  /** By SHA-256, in hexadecimal. */
  readonly tokens: ReadonlyMap<string, Token>;
  readonly issuers: readonly Issuer[];
}

/** The rules, or the first thing that is wrong. */
export type ReadRules =
  { readonly ok: true; readonly rules: AccessRules } | { readonly ok: false; readonly problem: string };

/** Reads the parsed file. */
export function readAccessRules(json: unknown): ReadRules {
  if (!Value.Check(AccessFile, json)) {
    const [first] = Value.Errors(AccessFile, json);
    return wrong(
      first === undefined ? 'it has another form' : `${first.path === '' ? 'the whole' : first.path}: ${first.message}`,
    );
  }
  try {
    return { ok: true, rules: rulesOf(json) };
  } catch (error) {
    if (error instanceof Wrong) return wrong(error.message);
    throw error;
  }
}

class Wrong extends Error {}

function rulesOf({ users = [], tokens = [], jwt = [] }: AccessFile): AccessRules {
  const known = new Map<string, User>();
  for (const { name, password, grants } of users) {
    if (known.has(name)) throw new Wrong(`the user ${name} is there twice`);
    if (!PASSWORD.test(password)) {
      throw new Wrong(`the password of ${name} is not in the form that 'stadion access password' prints`);
    }
    known.set(name, { name, password, grants: grantsOf(grants, name) });
  }
  const byDigest = new Map<string, Token>();
  for (const { name, sha256, grants, expires } of tokens) {
    const end = expires === undefined ? undefined : Date.parse(expires);
    if (end !== undefined && Number.isNaN(end)) {
      throw new Wrong(`the token ${name} expires at no time that can be read`);
    }
    byDigest.set(sha256, { name, grants: grantsOf(grants, name), expires: end });
  }
  const issuers = jwt.map(({ nameClaim = 'sub', grants = [], ...entry }) => ({
    ...entry,
    nameClaim,
    grants: grantsOf(grants, entry.issuer),
  }));
  return { users: known, tokens: byDigest, issuers };
}

/** `scrypt$<log2 N>$<r>$<p>$<salt>$<key>`, salt and key in base64url. */
export const PASSWORD = /^scrypt\$(\d{1,2})\$(\d{1,2})\$(\d{1,2})\$([\w-]{16,64})\$([\w-]{43})$/;

function grantsOf(texts: readonly string[], whose: string): Grant[] {
  return texts.map((text) => {
    const grant = readGrant(text);
    if (typeof grant === 'string') throw new Wrong(`a grant of ${whose}: ${grant}`);
    return grant;
  });
}

function wrong(problem: string): ReadRules {
  return { ok: false, problem };
}
