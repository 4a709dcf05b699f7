/**
 * What this machine shows others over TLS, and whom it trusts: from files that are given and watched, or from the cluster's
 * own authority. It is renewed while everything runs; connections that are open go on with what they began with.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join, resolve } from 'node:path';
import { createSecureContext, rootCertificates } from 'node:tls';
import { ClusterAuthority, endOfCertificate, type Secret } from '@stadion/access';
import { PlatformError, describeError, every, type Logger } from '@stadion/base';
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
  parts: { readonly secret: Secret | undefined; readonly ports: SystemPorts; readonly log: Logger },
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

async function sourceOf(config: Settings, secret: Secret | undefined): Promise<CertificateSource> {
  const { tlsCert, tlsKey, tlsCa } = config;
  if (tlsCert !== undefined && tlsKey !== undefined && tlsCa !== undefined) {
    return fromFiles({ cert: tlsCert, key: tlsKey, ca: tlsCa });
  }
  if (tlsCert !== undefined || tlsKey !== undefined || tlsCa !== undefined) {
    throw new PlatformError('flag-invalid', 'Certificates of your own need all of --tls-cert, --tls-key and --tls-ca.');
  }
  if (secret !== undefined) return fromAuthority(await ClusterAuthority.of(secret), config);
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
      // Refuses what does not belong together, also half of a change.
      createSecureContext(material);
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

function fromAuthority(authority: ClusterAuthority, config: Settings): CertificateSource {
  const read = async (nowMs: number): Promise<TlsMaterial> => {
    const wish = { names: namesOf(config), nowMs, lifetimeMs: CERTIFICATE_LIFETIME_MS };
    const { certificate, key } = await authority.issue(wish);
    await keepAuthority(config.dataDir, authority);
    return { cert: certificate, key, ca: authority.certificate };
  };
  return {
    lookMs: TLS_RENEWAL_LOOK_MS,
    read,
    async renewed(present, nowMs) {
      const isFresh = endOfCertificate(present.cert) - nowMs > CERTIFICATE_LIFETIME_MS / 3;
      return isFresh ? undefined : read(nowMs);
    },
  };
}

/** For people and their tools: `curl --cacert`. */
async function keepAuthority(dataDirectory: string, { certificate }: ClusterAuthority): Promise<void> {
  const folder = resolve(dataDirectory);
  await mkdir(folder, { recursive: true });
  await writeWhole(join(folder, 'authority.pem'), certificate);
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
