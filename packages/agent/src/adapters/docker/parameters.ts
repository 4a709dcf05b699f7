/** `container.docker.parameters`: flags of `docker run`, as members of what the Engine API takes. */
import type { ContainerCreateOptions, HostConfig } from 'dockerode';

/** A flag with its value, as in `--key=value`. */
export interface Parameter {
  readonly key: string;
  readonly value: string;
}

type Lists =
  | 'CapAdd'
  | 'CapDrop'
  | 'SecurityOpt'
  | 'GroupAdd'
  | 'Dns'
  | 'DnsSearch'
  | 'DnsOptions'
  | 'ExtraHosts'
  | 'Links'
  | 'DeviceCgroupRules'
  | 'VolumesFrom';

/** The members of the API's HostConfig, typed where its own declarations leave them open. */
export type HostDraft = Omit<HostConfig, Lists | 'Devices' | 'LogConfig' | 'PortBindings'> & {
  Binds: string[];
  PortBindings: Record<string, { HostIp?: string; HostPort: string }[]>;
  LogConfig: { Type: string; Config: Record<string, string> };
  Devices?: { PathOnHost: string; PathInContainer: string; CgroupPermissions: string }[];
} & Partial<Record<Lists, string[]>>;

/** What is being put together. */
export interface Draft {
  readonly options: ContainerCreateOptions;
  readonly host: HostDraft;
}

type Apply = (draft: Draft, value: string) => void;

/** A value that cannot be read; the message says what was expected. */
class UnreadableValue extends Error {}

/** Adds all parameters. Gives a sentence about the first that is unknown or unreadable. */
export function applyParameters(draft: Draft, parameters: readonly Parameter[]): string | undefined {
  for (const { key, value } of parameters) {
    const name = key.replace(/^--?/, '');
    const refusal = REFUSED[name];
    if (refusal !== undefined) return `The docker parameter "${key}" cannot be used: ${refusal}`;
    const apply = FLAGS[ALIASES[name] ?? name];
    if (apply === undefined) return `The docker parameter "${key}" is not a flag of docker run that is known here`;
    try {
      apply(draft, value);
    } catch (error) {
      if (!(error instanceof UnreadableValue)) throw error;
      return `The docker parameter "${key}" has the value "${value}": expected ${error.message}`;
    }
  }
  return undefined;
}

/** What would take a container out of the agent's hands. */
const REFUSED: Readonly<Record<string, string>> = {
  name: 'containers are named after the task',
  rm: 'the agent removes containers itself, once it knows their exit status',
  restart: 'restarting is decided by the framework',
  detach: 'containers always run in the background',
  d: 'containers always run in the background',
  cidfile: 'the agent keeps track of containers itself',
  'env-file': 'the file would be one of the agent’s machine: use the environment of the descriptor',
  'cgroup-parent': 'the agent decides where containers are accounted',
};

const ALIASES: Readonly<Record<string, string>> = {
  c: 'cpu-shares',
  e: 'env',
  h: 'hostname',
  i: 'interactive',
  l: 'label',
  m: 'memory',
  net: 'network',
  'net-alias': 'network-alias',
  p: 'publish',
  t: 'tty',
  u: 'user',
  v: 'volume',
  w: 'workdir',
};

const FLAGS: Readonly<Record<string, Apply>> = {
  label: ({ options }, value) => {
    const [name, text] = splitOnce(value, '=');
    options.Labels = { ...options.Labels, [name]: text ?? '' };
  },
  env: ({ options }, value) => {
    options.Env = [...(options.Env ?? []), value];
  },
  hostname: ({ options }, value) => {
    options.Hostname = value;
  },
  domainname: ({ options }, value) => {
    options.Domainname = value;
  },
  user: ({ options }, value) => {
    options.User = value;
  },
  workdir: ({ options }, value) => {
    options.WorkingDir = value;
  },
  entrypoint: ({ options }, value) => {
    options.Entrypoint = [value];
  },
  'stop-signal': ({ options }, value) => {
    options.StopSignal = value;
  },
  'stop-timeout': ({ options }, value) => {
    options.StopTimeout = whole(value);
  },
  tty: ({ options }, value) => {
    options.Tty = yes(value);
  },
  interactive: ({ options }, value) => {
    options.OpenStdin = yes(value);
  },
  'mac-address': ({ options }, value) => {
    options.MacAddress = value;
  },
  expose: ({ options }, value) => {
    options.ExposedPorts = { ...options.ExposedPorts, [withProtocol(value)]: {} };
  },
  publish: ({ options, host }, value) => {
    const parts = value.split(':');
    const container = withProtocol(parts.pop() ?? '');
    const HostPort = parts.pop() ?? '';
    const HostIp = parts.join(':');
    options.ExposedPorts = { ...options.ExposedPorts, [container]: {} };
    (host.PortBindings[container] ??= []).push({ HostIp, HostPort });
  },
  network: ({ host }, value) => {
    host.NetworkMode = value;
  },
  'network-alias': ({ options, host }, value) => {
    const network = host.NetworkMode ?? 'default';
    const known = options.NetworkingConfig?.EndpointsConfig?.[network]?.Aliases ?? [];
    options.NetworkingConfig = { EndpointsConfig: { [network]: { Aliases: [...known, value] } } };
  },
  ip: ({ options, host }, value) => {
    const network = host.NetworkMode ?? 'default';
    const known = options.NetworkingConfig?.EndpointsConfig?.[network];
    options.NetworkingConfig = { EndpointsConfig: { [network]: { ...known, IPAMConfig: { IPv4Address: value } } } };
  },
  volume: ({ options, host }, value) => {
    if (value.includes(':')) host.Binds.push(value);
    else options.Volumes = { ...options.Volumes, [value]: {} };
  },
  'volume-driver': ({ host }, value) => {
    host.VolumeDriver = value;
  },
  'volumes-from': appending('VolumesFrom'),
  tmpfs: ({ host }, value) => {
    const [path, flags] = splitOnce(value, ':');
    host.Tmpfs = { ...host.Tmpfs, [path]: flags ?? '' };
  },
  privileged: ({ host }, value) => {
    host.Privileged = yes(value);
  },
  'read-only': ({ host }, value) => {
    host.ReadonlyRootfs = yes(value);
  },
  init: ({ host }, value) => {
    host.Init = yes(value);
  },
  'cap-add': appending('CapAdd'),
  'cap-drop': appending('CapDrop'),
  'security-opt': appending('SecurityOpt'),
  'group-add': appending('GroupAdd'),
  dns: appending('Dns'),
  'dns-search': appending('DnsSearch'),
  'dns-option': appending('DnsOptions'),
  'dns-opt': appending('DnsOptions'),
  'add-host': appending('ExtraHosts'),
  link: appending('Links'),
  'device-cgroup-rule': appending('DeviceCgroupRules'),
  device: ({ host }, value) => {
    const [PathOnHost = '', PathInContainer = PathOnHost, CgroupPermissions = 'rwm'] = value.split(':');
    host.Devices = [...(host.Devices ?? []), { PathOnHost, PathInContainer, CgroupPermissions }];
  },
  gpus: ({ host }, value) => {
    const Count = value === 'all' ? -1 : whole(value);
    host.DeviceRequests = [{ Driver: '', Count, DeviceIDs: [], Capabilities: [['gpu']], Options: {} }];
  },
  ulimit: ({ host }, value) => {
    const [Name, limits] = splitOnce(value, '=');
    const [soft, hard] = splitOnce(limits ?? '', ':');
    host.Ulimits = [...(host.Ulimits ?? []), { Name, Soft: whole(soft), Hard: whole(hard ?? soft) }];
  },
  sysctl: ({ host }, value) => {
    const [name, text] = splitOnce(value, '=');
    host.Sysctls = { ...host.Sysctls, [name]: text ?? '' };
  },
  'log-driver': ({ host }, value) => {
    host.LogConfig = { Type: value, Config: {} };
  },
  'log-opt': ({ host }, value) => {
    const [name, text] = splitOnce(value, '=');
    const { Type, Config } = host.LogConfig;
    host.LogConfig = { Type, Config: { ...Config, [name]: text ?? '' } };
  },
  'storage-opt': ({ host }, value) => {
    const [name, text] = splitOnce(value, '=');
    host.StorageOpt = { ...host.StorageOpt, [name]: text ?? '' };
  },
  memory: ({ host }, value) => {
    host.Memory = bytes(value);
    host.MemorySwap = host.Memory;
  },
  'memory-swap': ({ host }, value) => {
    host.MemorySwap = value === '-1' ? -1 : bytes(value);
  },
  'memory-reservation': ({ host }, value) => {
    host.MemoryReservation = bytes(value);
  },
  'memory-swappiness': ({ host }, value) => {
    host.MemorySwappiness = whole(value);
  },
  'oom-kill-disable': ({ host }, value) => {
    host.OomKillDisable = yes(value);
  },
  'oom-score-adj': ({ host }, value) => {
    host.OomScoreAdj = whole(value);
  },
  'shm-size': ({ host }, value) => {
    host.ShmSize = bytes(value);
  },
  'pids-limit': ({ host }, value) => {
    host.PidsLimit = whole(value);
  },
  'cpu-shares': ({ host }, value) => {
    host.CpuShares = whole(value);
  },
  'cpu-period': ({ host }, value) => {
    host.CpuPeriod = whole(value);
  },
  'cpu-quota': ({ host }, value) => {
    host.CpuQuota = whole(value);
  },
  cpus: ({ host }, value) => {
    const cpus = Number(value);
    if (!(cpus > 0)) throw new UnreadableValue('a number of cpus such as 1.5');
    host.NanoCpus = Math.round(cpus * 1e9);
  },
  'cpuset-cpus': ({ host }, value) => {
    host.CpusetCpus = value;
  },
  'cpuset-mems': ({ host }, value) => {
    host.CpusetMems = value;
  },
  'blkio-weight': ({ host }, value) => {
    host.BlkioWeight = whole(value);
  },
  ipc: ({ host }, value) => {
    host.IpcMode = value;
  },
  pid: ({ host }, value) => {
    host.PidMode = value;
  },
  uts: ({ host }, value) => {
    host.UTSMode = value;
  },
  userns: ({ host }, value) => {
    host.UsernsMode = value;
  },
  runtime: ({ host }, value) => {
    host.Runtime = value;
  },
};

function appending(member: Lists): Apply {
  return ({ host }, value) => {
    host[member] = [...(host[member] ?? []), value];
  };
}

function splitOnce(text: string, separator: string): readonly [string, string | undefined] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function withProtocol(port: string): string {
  return port.includes('/') ? port : `${port}/tcp`;
}

function whole(value: string): number {
  const number = Number(value);
  if (value.trim() === '' || !Number.isInteger(number)) throw new UnreadableValue('a whole number');
  return number;
}

/** Whether a flag's value says yes; one without a value is set, as on the command line. */
export function isSet(value: string): boolean {
  return ['', 'true', '1'].includes(value);
}

function yes(value: string): boolean {
  if (isSet(value)) return true;
  if (['false', '0'].includes(value)) return false;
  throw new UnreadableValue('true or false');
}

const UNITS: Readonly<Record<string, number>> = { '': 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };

function bytes(value: string): number {
  const match = /^(\d+(?:\.\d+)?)([bkmgt]?)(?:i?b)?$/i.exec(value.trim());
  const unit = UNITS[match?.[2]?.toLowerCase() ?? '?'];
  if (match === null || unit === undefined) throw new UnreadableValue('a size such as 64m or 1g');
  return Math.round(Number(match[1]) * unit);
}
