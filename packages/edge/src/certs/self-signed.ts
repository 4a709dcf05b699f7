/** Makes a certificate for names that no authority has issued one for: X.509 version 3 (RFC 5280) on P-256, by hand. */
import { generateKeyPairSync, sign } from 'node:crypto';
import type { CertificatePair } from '../embedded/certificates.ts';

const YEAR_MS = 365 * 86_400_000;
const ECDSA_WITH_SHA256 = Buffer.from('06082a8648ce3d040302', 'hex');
const COMMON_NAME = Buffer.from('0603550403', 'hex');
const SUBJECT_ALT_NAME = Buffer.from('0603551d11', 'hex');
const BASIC_CONSTRAINTS = Buffer.from('0603551d13', 'hex');

/**
 * A certificate signed by its own key, for two years.
 * @param nowMs the wall clock
 * @param serial a random number
 */
export function selfSigned(names: readonly string[], nowMs: number, serial: number): CertificatePair {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const algorithm = sequence(ECDSA_WITH_SHA256);
  const name = sequence(element(0x31, sequence(COMMON_NAME, element(0x0c, Buffer.from('Stadion edge')))));
  const validity = sequence(time(nowMs - 3_600_000), time(nowMs + 2 * YEAR_MS));
  const alternatives = sequence(...names.map((one) => element(0x82, Buffer.from(one))));
  const extensions = sequence(
    sequence(SUBJECT_ALT_NAME, element(0x04, alternatives)),
    sequence(BASIC_CONSTRAINTS, element(0x04, sequence())),
  );
  const body = sequence(
    element(0xa0, integer(2)),
    integer(serial),
    algorithm,
    name,
    validity,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    element(0xa3, extensions),
  );
  const signature = element(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', body, privateKey)]));
  const certificate = pem('CERTIFICATE', sequence(body, algorithm, signature));
  return { names, certificate, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

/** A DER element: tag, length, content. */
function element(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const head =
    length < 128 ? [tag, length] : length < 256 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from(head), content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return element(0x30, Buffer.concat(parts));
}

/** A whole number from 0 to 2^32 - 1. */
function integer(value: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt32BE(value, 1);
  let start = 0;
  while (start < 4 && bytes[start] === 0 && ((bytes[start + 1] ?? 0) & 0x80) === 0) start += 1;
  return element(0x02, bytes.subarray(start));
}

function time(atMs: number): Buffer {
  const text = new Date(atMs).toISOString().replace(/[-:T]/g, '').slice(2, 14);
  return element(0x17, Buffer.from(`${text}Z`));
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
