/**
 * The certificate authority of a cluster. Its key is not kept anywhere: it follows from the cluster's secret, so that every
 * machine that may come in makes its own certificate, without asking anybody, and no other machine can.
 */
import { createECDH, createHash, scrypt, webcrypto, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import type { X509CertificateGenerator } from '@peculiar/x509';
import type { Secret } from './secret.ts';

/** Slow on purpose: who sees a certificate can try secrets that people have thought out. */
const COST = { N: 2 ** 16, r: 8, p: 1, maxmem: 128 * 1024 * 1024 };
const PURPOSE = 'stadion cluster authority 1';
/** FIPS 186-5, A.2.1: 64 bits more than the order has, so that no key is likelier than another. */
const SEED_BYTES = 40;
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
/** All machines have to make the same, whenever they do. */
const AUTHORITY_FROM = new Date('2026-01-01T00:00:00Z');
const AUTHORITY_UNTIL = new Date('2076-01-01T00:00:00Z');
/** Clocks of machines differ. */
const BEFORE_MS = 3_600_000;

const derive = promisify<string, string, number, object, Buffer>(scrypt);

/** A certificate (PEM) and its key (PKCS #8, PEM). */
export interface NodeCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** What a certificate says. */
export interface CertificateWish {
  /** The names and IP addresses under which the machine is reached; the first is its subject. */
  readonly names: readonly string[];
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  readonly lifetimeMs: number;
}

/** The authority of the cluster whose secret it is made from. */
export class ClusterAuthority {
  /** Its own certificate, PEM: what others need to trust. */
  readonly certificate: string;
  private readonly subject: string;
  private readonly signingKey: webcrypto.CryptoKey;

  private constructor(certificate: string, subject: string, signingKey: webcrypto.CryptoKey) {
    this.certificate = certificate;
    this.subject = subject;
    this.signingKey = signingKey;
  }

  /** Takes about a tenth of a second of work, beside the event loop. */
  static async of(secret: Secret): Promise<ClusterAuthority> {
    const seed = await derive(secret.reveal(), PURPOSE, SEED_BYTES, COST);
    const scalar = (BigInt(`0x${seed.toString('hex')}`) % (ORDER - 1n)) + 1n;
    const { privateKey, publicKey } = await keysOf(Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex'));
    const x509 = await load();
    // Named after its key: authorities of one name and several keys are mixed up by those who verify.
    const point = Buffer.from(await webcrypto.subtle.exportKey('raw', publicKey));
    const subject = `CN=Stadion cluster ${createHash('sha256').update(point).digest('hex').slice(0, 16)}`;
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: '01',
      subject,
      issuer: subject,
      notBefore: AUTHORITY_FROM,
      notAfter: AUTHORITY_UNTIL,
      signingAlgorithm: ALGORITHM,
      signingKey: privateKey,
      publicKey,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
        await x509.SubjectKeyIdentifierExtension.create(publicKey),
      ],
    });
    return new ClusterAuthority(`${certificate.toString('pem')}\n`, subject, privateKey);
  }

  /** Makes a key and a certificate for it, good for both sides of a connection. */
  async issue({ names, nowMs, lifetimeMs }: CertificateWish): Promise<NodeCertificate> {
    const x509 = await load();
    const { privateKey, publicKey } = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
    const wish: Parameters<typeof X509CertificateGenerator.create>[0] = {
      subject: [{ CN: [names[0] ?? 'stadion'] }],
      issuer: this.subject,
      notBefore: new Date(nowMs - BEFORE_MS),
      notAfter: new Date(nowMs + lifetimeMs),
      signingAlgorithm: ALGORITHM,
      signingKey: this.signingKey,
      publicKey,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
        new x509.SubjectAlternativeNameExtension(
          names.map((value) => ({ type: isAddress(value) ? 'ip' : 'dns', value })),
        ),
      ],
    };
    const certificate = await x509.X509CertificateGenerator.create(wish);
    const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', privateKey));
    return { certificate: `${certificate.toString('pem')}\n`, key: x509.PemConverter.encode(key, 'PRIVATE KEY') };
  }
}

/** When a certificate (PEM) ends, in milliseconds since the epoch. @throws Error when it cannot be read */
export function endOfCertificate(pem: string): number {
  return Date.parse(new X509Certificate(pem).validTo);
}

async function keysOf(scalar: Buffer): Promise<webcrypto.CryptoKeyPair> {
  const curve = createECDH('prime256v1');
  curve.setPrivateKey(scalar);
  const point = curve.getPublicKey();
  const open = { kty: 'EC', crv: 'P-256', x: base64url(point.subarray(1, 33)), y: base64url(point.subarray(33)) };
  const { subtle } = webcrypto;
  return {
    privateKey: await subtle.importKey('jwk', { ...open, d: base64url(scalar) }, ALGORITHM, false, ['sign']),
    publicKey: await subtle.importKey('jwk', open, ALGORITHM, true, ['verify']),
  };
}

function base64url(bytes: Buffer): string {
  return bytes.toString('base64url');
}

function isAddress(name: string): boolean {
  return name.includes(':') || /^\d{1,3}(?:\.\d{1,3}){3}$/.test(name);
}

/** Only where it is needed: it takes memory. */
async function load(): Promise<typeof import('@peculiar/x509')> {
  return import('@peculiar/x509');
}
