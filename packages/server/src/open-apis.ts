/** Puts the HTTP APIs of all roles on their ports. */
import type { Server } from 'node:http';
import { join } from 'node:path';
import { AuditLog, type AccessControl, type Secret, type SecretVault } from '@stadion/access';
import { PlatformError, type Logger } from '@stadion/base';
import { createAgentHttp, type Agent } from '@stadion/agent';
import type { PlatformAddresses, ServerConfig } from '@stadion/contract';
import { createMasterClient } from '@stadion/contract/client';
import { createMasterHttp, type Master } from '@stadion/master';
import { appOfTask } from '@stadion/orchestrator/permissions';
import { createOrchestratorHttp, type Engine, type OrchestratorHttpOptions } from '@stadion/orchestrator';
import { checkedUrl, hostnameOf, urlOf } from './addresses.ts';
import type { Admission } from './admission.ts';
import { agentFlags } from './agent-flags.ts';
import { giveAgentsSecrets } from './agent-secrets.ts';
import { createClusterReader } from './cluster-reader.ts';
import { consolePages } from './console-pages.ts';
import { watchAtEdge } from './edge-watch.ts';
import { listen } from './listening.ts';
import { identityOf, sightOfSender } from './permission.ts';
import { createPartReader } from './relay.ts';
import type { PlatformLog, RoomLevels } from './logging.ts';
import { ResourceRecorder } from './resource-history.ts';
import { addSecretsApi } from './secrets-api.ts';
import { relayTaskSessions, takeTaskSessions } from './task-session-relay.ts';
import type { SystemPorts } from './system-ports.ts';
import type { NodeTls } from './tls/node-tls.ts';
import { clusterFetch } from './tls/own-fetches.ts';
import { overTls } from './tls/requests.ts';

/** The rooms that answer on a port. */
export interface ServedRooms {
  readonly master: Master;
  readonly engine: Engine;
  /** Absent where only the control plane runs. */
  readonly agent: Agent | undefined;
}

/** How a server gets onto its port: {@link listen}, or behind a port that this process keeps open anyway. */
export type OpenPort = typeof listen;

/** What holds for every port. */
export interface OpenApisOptions {
  /** With real ports, none of them 0. */
  readonly config: ServerConfig;
  readonly secret: Secret | undefined;
  readonly access: AccessControl | undefined;
  readonly tls: NodeTls | undefined;
  readonly ports: SystemPorts;
  readonly log: Logger;
  readonly open?: OpenPort;
  /** The log of this process, for those who may read it and change how much it tells. */
  readonly ownLog?: Pick<PlatformLog, 'path' | 'verbosity'>;
  /** How much is logged, where it can be changed. */
  readonly logLevels?: RoomLevels;
  /** Has the leader step down; absent where none runs. */
  readonly abdicate?: () => void;
  /** The secrets of apps, where they can be set. */
  readonly vault?: SecretVault;
  /** Where the name server's HTTP API is, once it is there. Absent where there is none but that of the configuration. */
  readonly names?: () => string | undefined;
  /** The same of the edge's admin port. */
  readonly edge?: () => string | undefined;
  /** Is given the master's server before it listens. */
  readonly onMasterServer?: (server: Server) => void;
}

/**
 * Listens for each role.
 * @param onOpened is given what closes each server, as soon as there is something to close
 * @throws PlatformError `port-taken` and the like
 */
export async function openApis(
  options: OpenApisOptions,
  rooms: ServedRooms,
  onOpened: (close: () => Promise<unknown>) => void,
): Promise<PlatformAddresses> {
  const { config, open = listen } = options;
  const where = { ...admissionOf(options), address: config.bindAddress };

  const masterHttp = createMasterHttp(rooms.master, {
    appOfTask,
    sightOf: (request) => sightOfSender(request, options),
    ...ownLogOf(options),
  });
  onOpened(() => masterHttp.close());
  options.onMasterServer?.(masterHttp.server);
  const { vault, secret } = options;
  const audit = openAudit(options);
  if (vault !== undefined && secret !== undefined) giveAgentsSecrets(masterHttp, { vault, secret, audit });
  const master = await open(masterHttp, {
    ...where,
    port: config.masterPort,
    flag: '--master-port',
    api: 'master',
  });

  const agent = rooms.agent === undefined ? undefined : await openAgentApi(options, rooms.agent, onOpened);

  const orchestrator = await openOrchestratorApi(
    options,
    rooms.engine,
    { master: () => master, shownMaster: () => overTls(master, options.tls), audit },
    onOpened,
  );
  return { orchestrator, master, ...(agent === undefined ? {} : { agent }) };
}

/**
 * Listens for the orchestrator alone.
 * @param beside the URL of the master whose framework it is, if one is known, and where sessions and changes of secrets are put on record
 */
export async function openOrchestratorApi(
  options: OpenApisOptions,
  engine: Engine,
  beside: {
    readonly master: () => string | undefined;
    /** Its URL as people are told it, where that is another. */
    readonly shownMaster?: () => string | undefined;
    readonly audit: AuditLog;
  },
  onOpened: (close: () => Promise<unknown>) => void,
): Promise<string> {
  const { config, secret, ports, log, open = listen } = options;
  const { master, audit } = beside;
  const { time, random } = ports;
  const address = config.bindAddress;
  const hostname = hostnameOf(config);
  const dnsUrl = config.dnsUrl === undefined ? undefined : checkedUrl(config.dnsUrl, '--dns-url');
  const names = options.names ?? (dnsUrl === undefined ? undefined : () => dnsUrl);
  const edgeUrl = config.edgeUrl === undefined ? undefined : checkedUrl(config.edgeUrl, '--edge-url');
  const edge = options.edge ?? (edgeUrl === undefined ? undefined : () => edgeUrl);
  const ask = clusterFetch(options);
  const masterUrl = (): string => {
    const url = master();
    if (url !== undefined) return url;
    throw new PlatformError('master-unreachable', 'No master is known yet.', { retryable: true });
  };
  const recorder = new ResourceRecorder(() => createMasterClient({ baseUrl: masterUrl(), fetch: ask }), time);
  onOpened(async () => {
    recorder.stop();
  });
  const leader = new URL(urlOf({ address, port: config.orchestratorPort })).host;
  const orchestratorHttp = createOrchestratorHttp(engine, {
    time,
    random: random.stream('orchestrator-api'),
    log: log.child({ room: 'orchestrator-api' }),
    leader: () => leader,
    ...(options.abdicate !== undefined && { abdicate: options.abdicate }),
    ready: () => true,
    ...permissionsBy(options),
    ...(options.logLevels !== undefined && { logLevels: options.logLevels }),
    corsOrigins: pageOrigins(config),
    pages: consolePages(random.stream('console')),
    ...(names !== undefined && { names: createPartReader('dns', names, ask) }),
    ...(edge !== undefined && { edge: createPartReader('edge', edge, ask) }),
    cluster: createClusterReader(masterUrl, time, () => recorder.history(), options),
    info: {
      ...(config.clusterName === undefined ? {} : { clusterName: config.clusterName }),
      get marathonConfig() {
        const at = (beside.shownMaster ?? master)();
        return {
          master: at ?? null,
          mesos_leader_ui_url: at === undefined ? null : `${at}/`,
          hostname,
        };
      },
      httpConfig: {
        http_port: config.orchestratorPort,
        https_port: options.tls === undefined ? null : config.orchestratorPort,
      },
    },
  });
  onOpened(() => orchestratorHttp.close());
  const watch = watchAtEdge({ engine, edge: edge ?? (() => undefined), ask, timers: time, log });
  onOpened(async () => {
    watch.cancel();
  });
  const admission = { ...admissionOf(options), readers: new Set(pageOrigins(config)) };
  if (options.vault !== undefined) addSecretsApi(orchestratorHttp, options.vault, audit);
  const endRelayed = relayTaskSessions(orchestratorHttp.server, {
    admission,
    secret,
    tls: options.tls,
    masterUrl,
    audit,
  });
  onOpened(async () => {
    endRelayed();
  });
  const port = config.orchestratorPort;
  return open(orchestratorHttp, { ...admission, address, port, flag: '--orchestrator-port', api: 'orchestrator' });
}

/** How it is found out what somebody may do; nothing where nobody is known by name. */
function permissionsBy(where: OpenApisOptions): Pick<OrchestratorHttpOptions, 'permissionsOf' | 'sightOf'> {
  if (where.access === undefined) return {};
  return {
    sightOf: (request) => sightOfSender(request, where),
    async permissionsOf(authorization) {
      const identity = await identityOf(authorization, where);
      const grants = (identity?.grants ?? []).map(({ permissions, path }) => ({ permissions: [...permissions], path }));
      return { ...(identity === undefined ? {} : { name: identity.name }), grants };
    },
  };
}

/** Where sessions in tasks, and what happens to secrets, are put on record. */
export function openAudit({ config, ports, log }: Pick<OpenApisOptions, 'config' | 'ports' | 'log'>): AuditLog {
  return new AuditLog(join(config.dataDir, 'log', 'audit.log'), ports.time, log);
}

/** Listens for the agent alone. */
export async function openAgentApi(
  options: OpenApisOptions,
  agent: Agent,
  onOpened: (close: () => Promise<unknown>) => void,
): Promise<string> {
  const { config, ports, open = listen } = options;
  const admission = admissionOf(options);
  const agentHttp = createAgentHttp(agent, {
    clock: ports.time,
    timers: ports.time,
    flags: agentFlags(config),
    ...ownLogOf(options),
  });
  onOpened(() => agentHttp.close());
  const endSessions = takeTaskSessions(agentHttp.server, agent, admission, ports.time);
  onOpened(async () => {
    endSessions();
  });
  const where = { address: config.bindAddress, port: config.agentPort, flag: '--agent-port', api: 'agent' } as const;
  return open(agentHttp, { ...admission, ...where });
}

function ownLogOf({ ownLog }: OpenApisOptions) {
  return ownLog === undefined ? {} : { logFile: ownLog.path, verbosity: ownLog.verbosity };
}

function admissionOf({ config, secret, access, tls }: OpenApisOptions): Admission {
  return { ownNames: new Set([hostnameOf(config).toLowerCase()]), secret, access, tls };
}

/** The pages of other people that may read the orchestrator's API. */
export function pageOrigins({ corsOrigins = '' }: Pick<ServerConfig, 'corsOrigins'>): readonly string[] {
  return corsOrigins.split(',').flatMap((origin) => (origin.trim() === '' ? [] : [origin.trim()]));
}
