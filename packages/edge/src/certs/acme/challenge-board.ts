/** The challenges that are to be answered just now, and how: by the data plane, or by a program that writes DNS records. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { CertificatePair } from '../../embedded/certificates.ts';
import type { DataPlane } from '../../ports/data-plane.ts';

/** The ways of RFC 8555 section 8 and RFC 8737. */
export type ChallengeKind = 'http-01' | 'tls-alpn-01' | 'dns-01';

const run = promisify(execFile);
const HOOK_MS = 120_000;

/** The board. */
export class ChallengeBoard {
  private readonly plane: DataPlane;
  private readonly hook: string | undefined;
  private readonly tokens = new Map<string, string>();
  private readonly certificates = new Map<string, CertificatePair>();

  /** @param hook a program that is called with `present` or `cleanup`, the name of a TXT record and its value */
  constructor(plane: DataPlane, hook: string | undefined) {
    this.plane = plane;
    this.hook = hook;
  }

  /** HTTP-01: what is answered below /.well-known/acme-challenge/. */
  async putToken(token: string, answer: string | undefined): Promise<void> {
    if (answer === undefined) this.tokens.delete(token);
    else this.tokens.set(token, answer);
    await this.publish();
  }

  /** TLS-ALPN-01: which certificate is shown for a name. */
  async putCertificate(name: string, pair: CertificatePair | undefined): Promise<void> {
    if (pair === undefined) this.certificates.delete(name);
    else this.certificates.set(name, pair);
    await this.publish();
  }

  /** DNS-01. @throws when the program fails, with what it said */
  async callHook(verb: 'present' | 'cleanup', name: string, value: string): Promise<void> {
    if (this.hook === undefined) {
      throw new Error('For DNS challenges, say which program writes records: --edge-acme-dns-hook');
    }
    await run(this.hook, [verb, `_acme-challenge.${name}`, value], { timeout: HOOK_MS });
  }

  private async publish(): Promise<void> {
    await this.plane.setChallenges({
      tokens: Object.fromEntries(this.tokens),
      certificates: [...this.certificates.values()],
    });
  }
}
