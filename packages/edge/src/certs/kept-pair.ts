/** A certificate with its key and where it came from. */
import { X509Certificate } from 'node:crypto';
import type { CertificatePair } from '../embedded/certificates.ts';

export interface KeptPair extends CertificatePair {
  /** E.g. a path, `acme`, `secret:tls/shop`. */
  readonly source: string;
}

/** The names that a certificate (PEM) is for; none when it cannot be read. */
export function namesOf(certificate: string): readonly string[] {
  try {
    const parsed = new X509Certificate(certificate);
    const names = (parsed.subjectAltName ?? '').split(/,\s*/).flatMap((part) => /^DNS:(.+)$/.exec(part)?.[1] ?? []);
    if (names.length > 0) return names;
    const common = /CN=([^\n,]+)/.exec(parsed.subject)?.[1];
    return common === undefined ? [] : [common];
  } catch {
    return [];
  }
}
