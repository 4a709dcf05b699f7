/**
 * The certificates of the edge: from files in a folder, from secrets, from ACME, and one made here for names that none is
 * for. What changes is given to the data plane; connections go on.
 */
import { X509Certificate } from 'node:crypto';
import { mkdir, readFile, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  describeError,
  errorCode,
  every,
  type Clock,
  type Logger,
  type Random,
  type TimerHandle,
  type Timers,
} from '@stadion/base';
import type { EdgeCertificate } from '@stadion/contract/edge';
import type { CertificatePair } from '../embedded/certificates.ts';
import type { DataPlane } from '../ports/data-plane.ts';
import { namesOf, type KeptPair } from './kept-pair.ts';
import { SecretCertificates, type CertificateSecrets } from './secret-certificates.ts';
import { selfSigned } from './self-signed.ts';

/** What the keeper is made with. */
export interface CertificateKeeperParts {
  /** Where the certificate made here and those of ACME are kept. */
  readonly directory: string;
  /** Folders with `NAME.crt` (or `.pem`, with or without the key inside) and `NAME.key`. */
  readonly folders: readonly string[];
  readonly secrets?: CertificateSecrets;
  readonly plane: DataPlane;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Logger;
}

/** How often folders are looked at: certificates are renewed by others, too. */
const LOOK_MS = 5_000;
const DAY_MS = 86_400_000;

/** The keeper. */
export class CertificateKeeper {
  private readonly parts: CertificateKeeperParts;
  private fromFiles: readonly KeptPair[] = [];
  private fromSecrets: readonly KeptPair[] = [];
  private readonly secrets: SecretCertificates | undefined;
  private readonly issued = new Map<string, KeptPair>();
  private own: KeptPair | undefined;
  private text = '';
  private readonly timers: TimerHandle[] = [];

  constructor(parts: CertificateKeeperParts) {
    this.parts = parts;
    this.secrets = parts.secrets === undefined ? undefined : new SecretCertificates(parts.secrets, parts.log);
  }

  /** Reads what is there and gives it to the plane. */
  async start(): Promise<void> {
    const { directory, timers, secrets } = this.parts;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    this.own = { ...(await this.ownPair()), source: 'self-signed' };
    for (const pair of await readFolder(directory, 'acme')) {
      if (pair.source !== `acme:${OWN}`) this.issued.set(pair.names[0] ?? '', { ...pair, source: 'acme' });
    }
    await this.refreshSecrets();
    this.timers.push(every(timers, LOOK_MS, () => void this.refresh()));
    if (secrets !== undefined) this.timers.push(every(timers, secrets.lookMs, () => void this.refreshSecrets()));
  }

  stop(): void {
    for (const timer of this.timers) timer.cancel();
  }

  /** Takes over a certificate that an authority has issued, and keeps it. */
  async addIssued(name: string, certificate: string, key: string): Promise<void> {
    const { directory } = this.parts;
    await writeWhole(join(directory, `${fileName(name)}.key`), key);
    await writeWhole(join(directory, `${fileName(name)}.crt`), certificate);
    this.issued.set(name, { names: namesOf(certificate), certificate, key, source: 'acme' });
    await this.refresh();
  }

  /** Whether a name has a certificate (not one made here) that is good for longer than `beforeMs`. */
  covers(name: string, nowMs: number, beforeMs: number): boolean {
    return this.named().some(
      ({ names, certificate }) =>
        names.some((one) => one === name || (one.startsWith('*.') && name.slice(name.indexOf('.')) === one.slice(1))) &&
        Date.parse(new X509Certificate(certificate).validTo) - nowMs > beforeMs,
    );
  }

  /** For people. */
  list(nowMs: number): readonly EdgeCertificate[] {
    return this.all().map(({ names, certificate, source }) => {
      const parsed = new X509Certificate(certificate);
      const notAfter = new Date(parsed.validTo);
      return {
        names: [...names],
        source,
        issuer: parsed.issuer.replaceAll('\n', ', '),
        notAfter: notAfter.toISOString(),
        daysLeft: Math.floor((notAfter.getTime() - nowMs) / DAY_MS),
      };
    });
  }

  private named(): readonly KeptPair[] {
    return [...this.fromFiles, ...this.fromSecrets, ...this.issued.values()];
  }

  private all(): readonly KeptPair[] {
    return [...(this.own === undefined ? [] : [this.own]), ...this.named()];
  }

  private async refreshSecrets(): Promise<void> {
    this.fromSecrets = (await this.secrets?.look()) ?? [];
    await this.refresh();
  }

  private async refresh(): Promise<void> {
    const { folders, log, plane } = this.parts;
    try {
      this.fromFiles = (await Promise.all(folders.map((folder) => readFolder(folder, 'file')))).flat();
      const all = this.all();
      const text = JSON.stringify(all);
      if (text === this.text) return;
      this.text = text;
      await plane.setCertificates(all);
    } catch (error) {
      log.error({ error: describeError(error) }, 'certificates could not be read; the last ones stand');
    }
  }

  /** The certificate made here, kept over starts so that people who have accepted it need not do so again. */
  private async ownPair(): Promise<CertificatePair> {
    const { directory } = this.parts;
    try {
      const certificate = await readFile(join(directory, `${OWN}.crt`), 'utf8');
      const key = await readFile(join(directory, `${OWN}.key`), 'utf8');
      return { names: namesOf(certificate), certificate, key };
    } catch {
      const { clock, random } = this.parts;
      const made = await selfSigned(['localhost', '*.localhost'], clock.now(), random.uint32());
      await writeWhole(join(directory, `${OWN}.key`), made.key);
      await writeWhole(join(directory, `${OWN}.crt`), made.certificate);
      return made;
    }
  }
}

const OWN = 'self-signed';

function fileName(name: string): string {
  return name.replaceAll('*', '_').replace(/[^A-Za-z0-9._-]/g, '-');
}

async function writeWhole(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** The pairs of a folder. A file that is no certificate, or whose key is missing, is left out. */
async function readFolder(folder: string, source: string): Promise<readonly KeptPair[]> {
  const files = await readdir(folder).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  });
  const pairs: KeptPair[] = [];
  for (const file of files.filter((name) => /\.(crt|pem|cert)$/.test(name)).sort()) {
    const stem = file.replace(/\.(crt|pem|cert)$/, '');
    const certificate = await readFile(join(folder, file), 'utf8');
    const key = certificate.includes('PRIVATE KEY-----')
      ? certificate
      : await readFile(join(folder, `${stem}.key`), 'utf8').catch(() => '');
    const names = namesOf(certificate);
    if (key !== '' && names.length > 0) {
      pairs.push({ names, certificate, key, source: source === 'acme' ? `acme:${stem}` : join(folder, file) });
    }
  }
  return pairs;
}
