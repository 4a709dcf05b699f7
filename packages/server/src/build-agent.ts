/** The agent of this machine, with its real adapters. */
import { createHash } from 'node:crypto';
import { mkdir, stat, statfs } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { loadVaultKey, type Secret } from '@stadion/access';
import { PlatformError, type Logger } from '@stadion/base';
import {
  FileCheckpoints,
  FileSandboxes,
  FileVolumes,
  createAgent,
  createExecProber,
  createNetworkProber,
  createWebFetcher,
  detectResources,
  overrideResources,
  parseAttributes,
  parseResources,
  type Agent,
  type AgentConfig,
  type Parsed,
} from '@stadion/agent';
import { DOCKER_HOST_DEFAULT, withDiskLimits, withSecrets, type SecretSource } from '@stadion/agent/containerizers';
import type { ServerConfig } from '@stadion/contract';
import type { MasterDialer } from '@stadion/contract/agent-link';
import type { DomainInfo, Resource } from '@stadion/contract/mesos';
import { advertisedAddress } from './addresses.ts';
import { workDirectoryOf } from './agent-flags.ts';
import { buildContainerizer, listOf } from './build-containerizer.ts';
import { loadOwnName } from './own-name.ts';
import type { SystemPorts } from './system-ports.ts';
import { MESOS_VERSION } from './version.ts';

/** What the agent is built from. */
export interface AgentParts {
  readonly config: ServerConfig;
  readonly ports: SystemPorts;
  readonly dataDirectory: string;
  readonly hostname: string;
  readonly log: Logger;
  readonly dialer: MasterDialer;
  /** The secrets of apps. */
  readonly secrets: SecretSource;
  /** Whoever calls has to say who it is: executors of frameworks are given tokens then. */
  readonly asksWho: boolean;
}

/**
 * Makes the agent; it does not run yet.
 * @throws PlatformError `flag-invalid` for resources or attributes that cannot be read
 */
export async function buildAgent(parts: AgentParts): Promise<Agent> {
  const { config, ports, log } = parts;
  const workDirectory = workDirectoryOf(config);
  await mkdir(workDirectory, { recursive: true });
  const { time } = ports;
  const disk = await statfs(workDirectory);
  const detected = detectResources({
    cpus: availableParallelism(),
    memoryBytes: totalmem(),
    diskBytes: disk.bsize * disk.blocks,
    gpuDevices: listOf(config.gpuDevices).length,
  });
  const given = read(config.resources, parseResources, '--resources');
  await checkDisks(given);
  const ownName = await loadOwnName(workDirectory, ports.random);
  // In memory on Linux; the name is that of this work directory, after a restart as before.
  const memoryDirectory = join(
    await secretsRoot(workDirectory),
    createHash('sha256').update(ownName).digest('hex').slice(0, 16),
  );
  const containers = buildContainerizer(config.containerizers, {
    workDirectory,
    ownName,
    dataDirectory: parts.dataDirectory,
    settings: config,
    memoryDirectory,
    dockerHost: config.dockerHost ?? process.env['DOCKER_HOST'] ?? DOCKER_HOST_DEFAULT,
    ports,
    log,
  });
  const containerizer = withSecrets({
    containerizer: withDiskLimits({
      containerizer: containers,
      directory: join(workDirectory, 'disk-limits'),
      clock: time,
      timers: time,
      log,
    }),
    secrets: parts.secrets,
    directory: memoryDirectory,
    log,
  });
  return createAgent({
    dialer: parts.dialer,
    containerizer,
    checkpoints: new FileCheckpoints(workDirectory),
    sandboxes: new FileSandboxes(workDirectory),
    volumes: new FileVolumes(workDirectory),
    fetcher: createWebFetcher({ cacheDirectory: join(workDirectory, 'fetch-cache'), clock: time, timers: time, log }),
    prober: createExecProber({ network: createNetworkProber({ timers: time }), containerizer, timers: time }),
    clock: time,
    timers: time,
    random: ports.random.stream('agent'),
    log,
    info: {
      hostname: parts.hostname,
      ip: advertisedAddress(config.bindAddress),
      port: config.agentPort,
      resources: overrideResources(detected, given),
      attributes: read(config.attributes, parseAttributes, '--attributes'),
      ...faultDomainOf(config),
      version: MESOS_VERSION,
    },
    config: {
      inheritedEnvironment: process.env,
      revocableCpus: revocableCpusOf(config.revocableCpus),
      ...(parts.asksWho ? { executorTokenKey: (await executorKey(workDirectory, ports)).reveal() } : {}),
    },
  });
}

/** The setting has been checked: it is a word or a number. */
function revocableCpusOf(text: string): AgentConfig['revocableCpus'] {
  return text === 'off' || text === 'auto' ? text : Number(text);
}

/** The same after a restart, as executors keep their tokens. */
function executorKey(workDirectory: string, ports: SystemPorts): Promise<Secret> {
  return loadVaultKey(join(workDirectory, 'executor-key'), ports.random);
}

/** A disk that is not mounted would be taken for the one that its directory is on. */
async function checkDisks(resources: readonly Resource[]): Promise<void> {
  for (const { disk } of resources) {
    const root = (disk?.source?.path ?? disk?.source?.mount)?.root;
    if (root === undefined) continue;
    const found = await stat(root).catch(() => undefined);
    if (found?.isDirectory() === true) continue;
    throw new PlatformError('flag-invalid', `--resources names a disk at ${root}, and there is no such directory.`);
  }
}

function read<Item>(text: string | undefined, parse: (text: string) => Parsed<Item[]>, flag: string): Item[] {
  if (text === undefined) return [];
  const parsed = parse(text);
  if (parsed.ok) return parsed.value;
  throw new PlatformError('flag-invalid', `${flag} cannot be read: ${parsed.problem}.`);
}

/** Where the machine stands, if somebody said so. */
function faultDomainOf({ region, zone }: ServerConfig): { readonly domain?: DomainInfo } {
  if (region === undefined && zone === undefined) return {};
  return { domain: { fault_domain: { region: { name: region ?? 'default' }, zone: { name: zone ?? 'default' } } } };
}

/** A file system in memory where there is one. */
async function secretsRoot(workDirectory: string): Promise<string> {
  const hasMemory = await stat('/dev/shm').then(
    (found) => found.isDirectory(),
    () => false,
  );
  return hasMemory ? '/dev/shm/stadion-secrets' : join(workDirectory, 'secrets');
}
