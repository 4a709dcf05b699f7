/** The edge of this machine, with its real data plane, certificates and admin port. */
import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { followFile, type AccessControl, type Secret } from '@stadion/access';
import type { SecretSource } from '@stadion/agent/containerizers';
import { PlatformError, describeError, errorCode, type Logger, type Timers } from '@stadion/base';
import type { PlatformAddresses, ServerConfig } from '@stadion/contract';
import {
  AccessLogFile,
  CertificateKeeper,
  Edge,
  EmbeddedPlane,
  TraceExporter,
  HaproxyPlane,
  createEdgeAdmin,
  defaultDialectOptions,
  fileOverrides,
  openAcme,
  readAccessLogTarget,
  type EntryPointSettings,
  type WorkerSettings,
} from '@stadion/edge';
import { urlOf } from './addresses.ts';
import { inheritedSockets } from './core/inherited-sockets.ts';
import { portOfDescriptor } from './socket-of-descriptor.ts';
import { explainListening, listen } from './listening.ts';
import { takePort } from './taken-ports.ts';
import type { SystemPorts } from './system-ports.ts';
import type { NodeTls } from './tls/node-tls.ts';
import { clusterFetch } from './tls/own-fetches.ts';
import type { Undoing } from './undoing.ts';

/** What the edge is built from. */
export interface EdgeSurroundings {
  readonly config: ServerConfig;
  readonly ports: SystemPorts;
  readonly dataDirectory: string;
  readonly hostname: string;
  readonly secret: Secret | undefined;
  readonly access: AccessControl | undefined;
  readonly tls: NodeTls | undefined;
  readonly log: Logger;
  readonly orchestrators: readonly string[];
  /** What they are shown; undefined: they may be somebody else's. */
  readonly shownSecret: Secret | undefined;
  /** Where certificates are looked up that are kept as secrets. */
  readonly secrets: SecretSource;
  /** Whether they are asked for over the network, where each time is on record. */
  readonly secretsAreRemote: boolean;
  /** Tells whoever has started it. */
  readonly remark: (text: string) => void;
}

/** Where the edge listens. */
export type EdgeAddresses = Pick<PlatformAddresses, 'edgeHttp' | 'edgeHttps' | 'edgeAdmin'>;

const OWN_SECRETS_LOOK_MS = 2_000;
const REMOTE_SECRETS_LOOK_MS = 60_000;
const DRAIN_MS = 10_000;
const DEFAULT_PORTS = { http: 8000, https: 8443, admin: 9090 };

/**
 * Starts the edge.
 * @throws PlatformError for settings that cannot be read, and for ports that were asked for and are taken
 */
export async function startEdge(surroundings: EdgeSurroundings, undoing: Undoing): Promise<EdgeAddresses> {
  const { config, ports, hostname, secret, log, remark } = surroundings;
  const directory = join(surroundings.dataDirectory, 'edge');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const address = config.edgeAddress ?? config.bindAddress;
  const take = (name: string, asked: number | undefined, usual: number, host: string) =>
    takePort({ name, flag: `--edge-${name}-port`, host, asked, usual }, remark);
  const inherited = inheritedSockets(process.env, process.pid, ['http', 'https']);
  const front = async (name: 'http' | 'https', asked: number | undefined): Promise<Front> => {
    const descriptor = inherited.get(name);
    if (descriptor !== undefined) return { port: portOfDescriptor(descriptor), descriptor };
    return { port: await take(name, asked, DEFAULT_PORTS[name], address) };
  };
  const http = await front('http', config.edgeHttpPort);
  const https = await front('https', config.edgeHttpsPort);
  const adminPort = await take('admin', config.edgeAdminPort, DEFAULT_PORTS.admin, config.bindAddress);
  const { edge, certificates, accessLog, traces } = await buildEdge(surroundings, directory, {
    ...{ address, http, https },
  });
  undoing.add(() => accessLog.close());
  undoing.add(async () => traces?.close());
  undoing.add(() => edge.stop());
  await followRoutesFile(surroundings, edge, undoing);
  await certificates.start();
  undoing.addNow(() => certificates.stop());
  try {
    await edge.start();
  } catch (error) {
    throw explainEdge(error, address);
  }
  if (config.edgeAcme !== undefined) {
    const acme = openAcme({
      ...{ directory: config.edgeAcme, email: config.edgeAcmeEmail, challenge: config.edgeAcmeChallenge },
      ...{ dnsHook: config.edgeAcmeDnsHook, accountKeyPath: join(directory, 'acme-account.pem') },
      ...{ edge, certificates, clock: ports.time, timers: ports.time, log: log.child({ part: 'acme' }) },
    });
    undoing.addNow(() => acme.stop());
  }
  const admin = createEdgeAdmin({ edge, certificates, clock: ports.time });
  undoing.add(() => admin.close());
  const where = { address: config.bindAddress, port: adminPort, flag: '--edge-admin-port', api: 'edge' } as const;
  const ownNames = new Set([hostname.toLowerCase()]);
  const edgeAdmin = await listen(admin, {
    ...where,
    secret,
    access: surroundings.access,
    tls: surroundings.tls,
    ownNames,
  });
  log.info({ ports: edge.ports }, 'the edge is ready');
  const at = (name: string, scheme: string): string =>
    urlOf({ address, port: edge.ports[name] ?? 0 }).replace(/^http/, scheme);
  return { edgeHttp: at('http', 'http'), edgeHttps: at('https', 'https'), edgeAdmin };
}

/** Where one front listens: on a port, by a socket that was handed over where there is one. */
type Front = Pick<EntryPointSettings, 'port' | 'descriptor'>;

interface BuiltEdge {
  readonly edge: Edge;
  readonly certificates: CertificateKeeper;
  readonly accessLog: AccessLogFile;
  readonly traces: TraceExporter | undefined;
}

async function buildEdge(
  { config, ports, hostname, log, orchestrators, shownSecret, tls, secrets, secretsAreRemote }: EdgeSurroundings,
  directory: string,
  where: { readonly address: string; readonly http: Front; readonly https: Front },
): Promise<BuiltEdge> {
  const { time, random } = ports;
  const host = where.address;
  const entryPoints: readonly EntryPointSettings[] = [
    { name: 'http', host, ...where.http, isTls: false },
    { name: 'https', host, ...where.https, isTls: true },
    ...(config.edgeAppIdPort === undefined ? [] : [{ name: 'appid', host, port: config.edgeAppIdPort, isTls: false }]),
  ];
  const settings: WorkerSettings = {
    hostname,
    workers: config.edgeWorkers,
    secret: createHash('sha256').update(String(random.uint32())).digest('hex'),
    trustedProxies: listOf(config.edgeTrustedProxies),
    proxyProtocolFrom: listOf(config.edgeProxyProtocol),
    clientAuthority: await readOptional(config.edgeClientCa, '--edge-client-ca'),
    accessLog: config.edgeAccessLog === undefined ? 'off' : config.edgeAccessLogFormat,
    tracesRatio: config.edgeTraces === undefined ? undefined : config.edgeTracesRatio,
  };
  const common = { clock: time, timers: time, log: log.child({ part: 'plane' }), drainMs: DRAIN_MS };
  const makeWorkers = (own: typeof entryPoints): EmbeddedPlane =>
    new EmbeddedPlane({ ...common, settings, entryPoints: own });
  const plane =
    config.edge === 'haproxy'
      ? new HaproxyPlane({
          ...settings,
          ...common,
          program: 'haproxy',
          asksForCertificates: settings.clientAuthority !== undefined,
          recordPath: join(directory, 'haproxy.json'),
          makeWorkers,
          entryPoints,
        })
      : makeWorkers(entryPoints);
  const accessLog = new AccessLogFile(readAccessLogTarget(config.edgeAccessLog ?? 'stdout'), time, log);
  const traces = config.edgeTraces === undefined ? undefined : openTraces(config.edgeTraces, hostname, time, log);
  const edge = new Edge({
    plane,
    orchestrators,
    options: {
      ...defaultDialectOptions,
      domain: config.edgeDomain,
      exposedByDefault: config.edgeExposedByDefault,
      groups: listOf(config.edgeGroups),
      constraints: listOf(config.edgeConstraints),
      servicePorts: config.edgeServicePorts,
    },
    clock: time,
    timers: time,
    random: random.stream('edge'),
    log,
    fetch: clusterFetch({ secret: shownSecret, tls }),
    writeAccessLog: (lines) => accessLog.write(lines),
    ...(traces !== undefined && { exportSpans: (spans) => traces.add(spans) }),
    overrides: fileOverrides(join(directory, 'overrides.json')),
  });
  const certificates = new CertificateKeeper({
    directory: join(directory, 'certificates'),
    folders: config.edgeCertificates === undefined ? [] : [resolve(config.edgeCertificates)],
    secrets: {
      names: listOf(config.edgeCertificateSecrets),
      lookMs: secretsAreRemote ? REMOTE_SECRETS_LOOK_MS : OWN_SECRETS_LOOK_MS,
      find: (name) => secrets.find(name),
    },
    plane,
    clock: time,
    timers: time,
    random,
    log,
  });
  return { edge, certificates, accessLog, traces };
}

/** Reads the file of routes now, and again whenever it changes. One that cannot be read changes nothing. */
async function followRoutesFile({ config, ports, log }: EdgeSurroundings, edge: Edge, undoing: Undoing): Promise<void> {
  if (config.edgeRoutes === undefined) return;
  const path = resolve(config.edgeRoutes);
  const read = async (): Promise<boolean> => {
    edge.setFile(JSON.parse(await readFile(path, 'utf8')) as unknown);
    return true;
  };
  try {
    const following = await followFile({ path, name: 'The file of routes', read }, ports.time, log);
    undoing.addNow(() => following.cancel());
  } catch (error) {
    const message = `The routes in ${path} cannot be read: ${describeError(error)}. See --edge-routes.`;
    throw new PlatformError('edge-routes-unreadable', message, { cause: error });
  }
}

/** @throws PlatformError `flag-invalid` */
function openTraces(collector: string, hostname: string, timers: Timers, log: Logger): TraceExporter {
  const url = URL.canParse(collector) ? new URL(collector) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    const message = `--edge-traces: '${collector}' is not an address such as http://127.0.0.1:4318.`;
    throw new PlatformError('flag-invalid', message);
  }
  // Where the specification has it, unless somebody says otherwise.
  if (url.pathname === '/') url.pathname = '/v1/traces';
  const resource = { 'service.name': 'stadion-edge', 'host.name': hostname };
  return new TraceExporter({ url: url.href, resource, timers, log: log.child({ part: 'traces' }) });
}

function listOf(text: string | undefined): readonly string[] {
  return (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

async function readOptional(path: string | undefined, flag: string): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(resolve(path), 'utf8');
  } catch (error) {
    throw new PlatformError('flag-invalid', `${flag}: ${path} cannot be read.`, { cause: error });
  }
}

function explainEdge(error: unknown, address: string): unknown {
  const code = errorCode(error) ?? '';
  if (!code.startsWith('edge-listen-')) return error;
  const system = { code: code.slice('edge-listen-'.length) };
  return explainListening(system, `A port of the edge on ${address}`, '--edge-http-port or --edge-https-port');
}
