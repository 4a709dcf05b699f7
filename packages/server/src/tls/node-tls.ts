/**
 * What this machine shows others over TLS, and whom it trusts: from files that are given and watched, or from the cluster's
 * own authority. It is renewed while everything runs; connections that are open go on with what they began with.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join, resolve } from 'node:path';
import { createSecureContext, rootCertificates } from 'node:tls';
import { ClusterAuthority, endOfCertificate, type ClusterSecret } from '@stadion/access';
import { PlatformError, assert, describeError, every, type Logger } from '@stadion/base';
import type { ServerConfig } from '@stadion/contract';
import { hostnameOf } from '../addresses.ts';
import { CERTIFICATE_LIFETIME_MS, TLS_FILES_LOOK_MS, TLS_RENEWAL_LOOK_MS, TLS_WARNING_MS } from '../limits.ts';
import { writeWhole } from '../pid-file.ts';
import type { SystemPorts } from '../system-ports.ts';
import type { Undoing } from '../undoing.ts';

/** A certificate with its key, and the authorities that others are believed by; all PEM. */
export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** TLS of one machine. */
export interface NodeTls {
  readonly isRequired: boolean;
  /** What holds now; asked anew for each connection. */
  readonly material: () => TlsMaterial;
  /** Tells of each change from now on. */
  readonly onChange: (listener: (material: TlsMaterial) => void) => void;
}

type Settings = Pick<ServerConfig, 'tls' | 'tlsCert' | 'tlsKey' | 'tlsCa' | 'bindAddress' | 'hostname' | 'dataDir'>;

/**
 * Opens it; undefined where TLS is off.
 * @throws PlatformError `flag-invalid` or `tls-unusable`
 */
export async function openNodeTls(
  config: Settings,
  parts: { readonly secret: ClusterSecret | undefined; readonly ports: SystemPorts; readonly log: Logger },
  undoing: Undoing,
): Promise<NodeTls | undefined> {
  const { tls: mode, tlsCert, tlsKey, tlsCa } = config;
  const files = [tlsCert, tlsKey, tlsCa].filter((file) => file !== undefined);
  if (mode === 'off') {
    if (files.length === 0) return undefined;
    throw new PlatformError('flag-invalid', '--tls-cert, --tls-key and --tls-ca do nothing without --tls on.');
  }
  const log = parts.log.child({ room: 'tls' });
  const time = parts.ports.time;
  const source = await sourceOf(config, parts.secret);
  let present = await source.read(time.now());
  const listeners: ((material: TlsMaterial) => void)[] = [];
  const look = async (): Promise<void> => {
    try {
      const next = await source.renewed(present, time.now());
      if (next === undefined) return;
      present = next;
      for (const listener of listeners) listener(next);
      log.info({ until: endOf(next) }, 'The certificate of this machine was renewed');
    } catch (error) {
      log.error({ error: describeError(error) }, 'The certificate could not be renewed; the present one stands');
    }
  };
  const looking = every(time, source.lookMs, () => void look());
  parts.secret?.onChange(() => void look());
  const warning = every(time, TLS_RENEWAL_LOOK_MS, () => {
    if (endOfCertificate(present.cert) - time.now() < TLS_WARNING_MS) {
      log.warn({ until: endOf(present) }, 'The certificate of this machine ends soon');
    }
  });
  undoing.addNow(() => {
    looking.cancel();
    warning.cancel();
  });
  log.info({ until: endOf(present), mode }, 'TLS is on');
  return {
    isRequired: mode === 'required',
    material: () => present,
    onChange: (listener) => void listeners.push(listener),
  };
}

/** Where a certificate comes from. */
interface CertificateSource {
  readonly lookMs: number;
  read(nowMs: number): Promise<TlsMaterial>;
  /** What is to hold instead; undefined: nothing else. */
  renewed(present: TlsMaterial, nowMs: number): Promise<TlsMaterial | undefined>;
}

async function sourceOf(config: Settings, secret: ClusterSecret | undefined): Promise<CertificateSource> {
  const { tlsCert, tlsKey, tlsCa } = config;
  if (tlsCert !== undefined && tlsKey !== undefined && tlsCa !== undefined) {
    return fromFiles({ cert: tlsCert, key: tlsKey, ca: tlsCa });
  }
  if (tlsCert !== undefined || tlsKey !== undefined || tlsCa !== undefined) {
    throw new PlatformError('flag-invalid', 'Certificates of your own need all of --tls-cert, --tls-key and --tls-ca.');
  }
  if (secret !== undefined) return fromAuthority(secret, config);
  throw new PlatformError(
    'flag-invalid',
    "TLS needs the cluster's secret, which its authority is made from (--secret-file FILE), or files of your own (--tls-cert, --tls-key, --tls-ca).",
  );
}

function fromFiles(paths: TlsMaterial): CertificateSource {
  const read = async (): Promise<TlsMaterial> => {
    try {
      const [cert, key, ca] = await Promise.all(
        [paths.cert, paths.key, paths.ca].map((path) => readFile(path, 'utf8')),
      );
      const material = { cert: cert ?? '', key: key ?? '', ca: ca ?? '' };
      assertWhole(material);
      return material;
    } catch (error) {
      const message = `The files of --tls-cert, --tls-key and --tls-ca cannot be used: ${describeError(error)}.`;
      throw new PlatformError('tls-unusable', message, { cause: error });
    }
  };
  return {
    lookMs: TLS_FILES_LOOK_MS,
    read,
    async renewed(present) {
      const next = await read();
      return next.cert === present.cert && next.key === present.key && next.ca === present.ca ? undefined : next;
    },
  };
}

/** Refuses what does not belong together, also half of a change. @throws Error */
function assertWhole(material: TlsMaterial): void {
  // OpenSSL leaves out what is empty, as files are while they are written.
  for (const [name, text] of Object.entries(material)) {
    if (!String(text).includes('-----BEGIN')) throw new Error(`there is no PEM in the file of --tls-${name}`);
  }
  createSecureContext(material);
}

/** The authority of the secret that is shown makes certificates; those of all that are taken are believed. */
function fromAuthority(secret: ClusterSecret, config: Settings): CertificateSource {
  const authorities = new AuthoritiesOf(secret);
  const read = async (nowMs: number): Promise<TlsMaterial> => {
    const [own, ca] = await authorities.now();
    const wish = { names: namesOf(config), nowMs, lifetimeMs: CERTIFICATE_LIFETIME_MS };
    const { certificate, key } = await own.issue(wish);
    await keepAuthorities(config.dataDir, ca);
    return { cert: certificate, key, ca };
  };
  return {
    lookMs: TLS_RENEWAL_LOOK_MS,
    read,
    async renewed(present, nowMs) {
      const [, ca] = await authorities.now();
      const isFresh = endOfCertificate(present.cert) - nowMs > CERTIFICATE_LIFETIME_MS / 3;
      // Their order says whose certificate is shown.
      return isFresh && ca === present.ca ? undefined : read(nowMs);
    },
  };
}

/** Authorities that follow from secrets, each made once: that takes a while. */
class AuthoritiesOf {
  private readonly secret: ClusterSecret;
  private made = new Map<string, Promise<ClusterAuthority>>();

  constructor(secret: ClusterSecret) {
    this.secret = secret;
  }

  /** The one of the secret that is shown, and the certificates of all, that one's first (PEM). */
  async now(): Promise<readonly [ClusterAuthority, string]> {
    const before = this.made;
    this.made = new Map(
      this.secret.all.map((secret) => {
        const text = secret.reveal();
        return [text, before.get(text) ?? ClusterAuthority.of(secret)];
      }),
    );
    const [own, ...others] = await Promise.all(this.made.values());
    assert(own !== undefined, 'a cluster has a secret');
    return [own, [own, ...others].map(({ certificate }) => certificate).join('')];
  }
}

/** For people and their tools: `curl --cacert`. */
async function keepAuthorities(dataDirectory: string, certificates: string): Promise<void> {
  const folder = resolve(dataDirectory);
  await mkdir(folder, { recursive: true });
  await writeWhole(join(folder, 'authority.pem'), certificates);
}

/** Under what others reach this machine. */
function namesOf(config: Pick<ServerConfig, 'bindAddress' | 'hostname'>): readonly string[] {
  const { bindAddress } = config;
  const isAll = bindAddress === '0.0.0.0' || bindAddress === '::';
  const all = Object.values(networkInterfaces()).flatMap((some) => (some ?? []).map(({ address }) => address));
  const own = isAll ? all.filter((address) => !address.includes('%')) : [bindAddress];
  return [...new Set([hostnameOf(config), ...own, 'localhost', '127.0.0.1', '::1'])];
}

function endOf({ cert }: TlsMaterial): string {
  return new Date(endOfCertificate(cert)).toISOString();
}

/** The authorities of the public web, which other requests of this process need, and these. */
export function trusted({ ca }: TlsMaterial): string[] {
  return [...rootCertificates, ca];
}
