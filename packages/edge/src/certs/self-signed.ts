/** Makes a certificate for names that no authority has issued one for. */
import { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import type { CertificatePair } from '../embedded/certificates.ts';

const YEAR_MS = 365 * 86_400_000;
/** Clocks of clients differ. */
const BEFORE_MS = 3_600_000;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/**
 * A certificate signed by its own key, for two years.
 * @param names host names and IP addresses
 * @param nowMs the wall clock
 * @param serial a random number
 */
export async function selfSigned(names: readonly string[], nowMs: number, serial: number): Promise<CertificatePair> {
  // Only where it is needed: it takes memory.
  const x509 = await import('@peculiar/x509');
  const { subtle } = webcrypto;
  const keys = await subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    keys,
    name: 'CN=Stadion edge',
    // A number in DER is negative where its first bit is set.
    serialNumber: `01${serial.toString(16).padStart(8, '0')}`,
    notBefore: new Date(nowMs - BEFORE_MS),
    notAfter: new Date(nowMs + 2 * YEAR_MS),
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false),
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
      ),
    ],
  });
  const key = x509.PemConverter.encode(await subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return { names, certificate: `${certificate.toString('pem')}\n`, key: `${key}\n` };
}
