/** The name server of a platform, or alone: its settings, its ports, and what it says when it cannot have them. */
import { readFile } from 'node:fs/promises';
import { Resolver } from 'node:dns';
import { join } from 'node:path';
import { PlatformError, errorCode, type Logger } from '@stadion/base';
import type { ServerConfig } from '@stadion/contract';
import { Dns, createDnsHttp, dnsConfig, parseSubnet, type ClusterSource, type DnsConfig } from '@stadion/dns';
import type { Admission } from './admission.ts';
import { urlOf } from './addresses.ts';
import { readSplits, readZones } from './dns-flags.ts';
import { chooseFreePorts } from './free-ports.ts';
import { listen } from './listening.ts';
import { releaseMemory } from './release-memory.ts';
import type { SystemPorts } from './system-ports.ts';

const DNS_PORT = 8053;
const DNS_HTTP_PORT = 8123;

/** What was started. */
export interface OpenDns {
  readonly addresses: { readonly dns: string; readonly dnsHttp: string };
  /** What a person should know, one sentence each. */
  readonly remarks: readonly string[];
}

/**
 * Starts the name server of one cluster. A conventional port that is taken and that nobody asked for is no reason not to
 * start: a free one is used, and said so.
 * @param onOpened is given what closes each part, as soon as there is something to close
 * @throws PlatformError `port-taken` for a port that was asked for, and the like
 */
export async function openDns(
  config: ServerConfig,
  cluster: Omit<ClusterSource, 'domain'>,
  parts: {
    readonly ports: SystemPorts;
    readonly log: Logger;
    readonly dataDirectory: string;
    readonly admission: Admission;
  },
  onOpened: (close: () => Promise<unknown>) => void,
): Promise<OpenDns> {
  const remarks: string[] = [];
  const settings = dnsConfig({
    // Further clusters are not shown the secret of this one.
    clusters: [{ ...cluster, domain: config.dnsDomain }, ...readZones(config.dnsZones ?? '', config.dnsDomain)],
    splits: readSplits(config.dnsSplits ?? '', (text) => parseSubnet(text) !== undefined),
    bindAddress: config.bindAddress === 'localhost' ? '127.0.0.1' : config.bindAddress,
    workers: config.dnsWorkers,
    resolvers: resolversOf(config),
    tls: await tlsOf(config),
    rotationFile: join(parts.dataDirectory, 'dns-rotation.json'),
  });
  const dns = await withFallback(config.dnsPort, DNS_PORT, '--dns-port', remarks, async (port) => {
    // Workers share a port, so that it must be known before they start.
    const [known = port] = config.dnsWorkers === 0 ? [] : await chooseFreePorts(settings.bindAddress, [port]);
    const created = build(settings, known, parts);
    try {
      await created.start();
    } catch (error) {
      await created.stop();
      throw error;
    }
    return created;
  });
  onOpened(() => dns.stop());
  const dnsHttp = await withFallback(config.dnsHttpPort, DNS_HTTP_PORT, '--dns-http-port', remarks, async (port) => {
    const http = createDnsHttp(dns);
    const where = {
      ...parts.admission,
      address: config.bindAddress,
      port,
      flag: '--dns-http-port',
      api: 'names',
    } as const;
    const url = await listen(http, where);
    onOpened(() => http.close());
    return url;
  });
  const bound = { address: settings.bindAddress, port: dns.port };
  return { addresses: { dns: urlOf(bound).replace(/^http/, 'dns'), dnsHttp }, remarks };
}

function build(settings: DnsConfig, port: number, { ports, log }: { ports: SystemPorts; log: Logger }): Dns {
  const random = ports.random.stream('dns');
  const config = { ...settings, port };
  return new Dns({
    config,
    time: ports.time,
    random,
    log: log.child({ room: 'dns' }),
    releaseMemory: () => releaseMemory(ports.time),
  });
}

async function withFallback<Started>(
  wanted: number | undefined,
  conventional: number,
  flag: string,
  remarks: string[],
  start: (port: number) => Promise<Started>,
): Promise<Started> {
  try {
    return await start(wanted ?? conventional);
  } catch (error) {
    if (wanted !== undefined || errorCode(error) !== 'port-taken') throw error;
    remarks.push(
      `Port ${String(conventional)} is in use by somebody else: a free one was taken. Set one with ${flag}.`,
    );
    return await start(0);
  }
}

/** Those that were given, or the machine's own, as far as they are not on this machine: we might ask ourselves. */
function resolversOf({ dnsResolvers }: ServerConfig): readonly string[] {
  if (dnsResolvers !== undefined) {
    return dnsResolvers
      .split(',')
      .map((one) => one.trim())
      .filter((one) => one !== '');
  }
  return new Resolver().getServers().filter((address) => !/^(127\.|::1|\[::1\]|0\.0\.0\.0)/.test(address));
}

async function tlsOf({ dnsTlsPort: port, dnsTlsCert, dnsTlsKey }: ServerConfig): Promise<DnsConfig['tls']> {
  if (port === undefined && dnsTlsCert === undefined && dnsTlsKey === undefined) return undefined;
  if (port === undefined || dnsTlsCert === undefined || dnsTlsKey === undefined) {
    throw new PlatformError(
      'dns-tls-incomplete',
      'DNS over TLS needs --dns-tls-port, --dns-tls-cert and --dns-tls-key.',
    );
  }
  try {
    return { port, cert: await readFile(dnsTlsCert, 'utf8'), key: await readFile(dnsTlsKey, 'utf8') };
  } catch (error) {
    const message = 'The certificate or key of DNS over TLS cannot be read. Check --dns-tls-cert and --dns-tls-key.';
    throw new PlatformError('dns-tls-unreadable', message, { cause: error });
  }
}
