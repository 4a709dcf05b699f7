/** Certificates that are kept as secrets: each secret holds a certificate, those above it if any, and its key, as PEM. */
import type { Logger } from '@stadion/base';
import { namesOf, type KeptPair } from './kept-pair.ts';

/** Where secrets are looked up. */
export interface CertificateSecrets {
  /** E.g. `tls/shop`. */
  readonly names: readonly string[];
  /** How often, in milliseconds: those who give them out elsewhere keep a record of each time. */
  readonly lookMs: number;
  /** Gives a secret's value, or a sentence why there is none. */
  readonly find: (
    name: string,
  ) => Promise<{ readonly ok: true; readonly value: string } | { readonly ok: false; readonly message: string }>;
}

/** Remembers what was found: while a secret cannot be had, or holds no certificate, its last certificate stands. */
export class SecretCertificates {
  private readonly secrets: CertificateSecrets;
  private readonly log: Logger;
  private readonly found = new Map<string, KeptPair>();
  private readonly complaints = new Map<string, string>();

  constructor(secrets: CertificateSecrets, log: Logger) {
    this.secrets = secrets;
    this.log = log;
  }

  /** Looks all of them up. @returns what there is, in the order of their names; never fails */
  async look(): Promise<readonly KeptPair[]> {
    const { names, find } = this.secrets;
    const looked = await Promise.all(names.map(async (name) => [name, await find(name)] as const));
    for (const [name, found] of looked) {
      const pair = found.ok ? pairOf(name, found.value) : found.message;
      if (typeof pair === 'string') this.complain(name, pair);
      else {
        this.complaints.delete(name);
        this.found.set(name, pair);
      }
    }
    return names.flatMap((name) => this.found.get(name) ?? []);
  }

  /** Once for each thing to complain about: the same is found again each time. */
  private complain(name: string, problem: string): void {
    if (this.complaints.get(name) === problem) return;
    this.complaints.set(name, problem);
    this.log.error({ secret: name, problem }, 'a secret gives no certificate; what it gave last stands');
  }
}

function pairOf(name: string, value: string): KeptPair | string {
  const names = namesOf(value);
  if (names.length === 0) return 'It holds no certificate (PEM) that can be read.';
  if (!value.includes('PRIVATE KEY-----')) return 'It holds a certificate, but no private key beside it.';
  return { names, certificate: value, key: value, source: `secret:${name}` };
}
