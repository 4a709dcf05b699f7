/**
 * Reads a master's `/state`, ours or Apache Mesos's. Only what names need is looked at, and whatever cannot be read is
 * left out and told of: one bad object never takes the others with it.
 */
import type { Agent, Cluster, DiscoveryPort, Endpoint, Framework, RunningTask } from './cluster.ts';
import { formatAddress, parseAddress } from './ip-address.ts';

/** The addresses of host names that are no IP literals, as they were last resolved. */
export type HostAddresses = ReadonlyMap<string, readonly string[]>;

type Json = Readonly<Record<string, unknown>>;

const PROBLEMS_MAX = 100;

/**
 * What a state says.
 * @param state parsed JSON from anybody
 * @param masters the masters of the configuration
 */
export function readState(state: unknown, masters: readonly Endpoint[], hosts: HostAddresses): Cluster {
  const problems: string[] = [];
  const tell = (problem: string): void => {
    if (problems.length < PROBLEMS_MAX) problems.push(problem);
  };
  const root = isObject(state) ? state : {};
  const leader = endpointOf(text(root.leader), hosts);
  if (leader === undefined) tell('the state names no leader with an address');
  const agents = list(root.slaves).flatMap((item) => readAgent(item, hosts, tell));
  const frameworks: Framework[] = [];
  const tasks: RunningTask[] = [];
  for (const item of list(root.frameworks)) {
    const framework = readFramework(item, hosts, tell);
    if (framework === undefined) continue;
    frameworks.push(framework);
    for (const task of list(isObject(item) ? item.tasks : undefined)) {
      const running = readTask(task, framework.id);
      if (running !== undefined) tasks.push(running);
    }
  }
  return { leader, masters, agents, frameworks, tasks, problems };
}

/** Host names in a state that are no IP literals: somebody has to resolve them. */
export function hostNamesIn(state: unknown): Set<string> {
  const names = new Set<string>();
  const add = (host: string): void => {
    if (host !== '' && parseAddress(host) === undefined) names.add(host);
  };
  const root = isObject(state) ? state : {};
  for (const item of list(root.slaves)) if (isObject(item)) add(splitPid(text(item.pid)).host);
  for (const item of list(root.frameworks)) {
    if (isObject(item)) add(text(item.pid) === '' ? text(item.hostname) : splitPid(text(item.pid)).host);
  }
  return names;
}

/** One agent; also as an operator stream's `agent_info` in the same shape. */
function readAgent(item: unknown, hosts: HostAddresses, tell: (problem: string) => void): Agent[] {
  if (!isObject(item) || text(item.id) === '') {
    tell('an agent has no id');
    return [];
  }
  const id = text(item.id);
  const { host, port } = splitPid(text(item.pid));
  const addresses = addressesOf(host, hosts);
  if (addresses.length === 0) tell(`agent ${id} has no address that can be resolved: its pid is '${text(item.pid)}'`);
  return [{ id, addresses, port }];
}

function readFramework(item: unknown, hosts: HostAddresses, tell: (problem: string) => void): Framework | undefined {
  if (!isObject(item) || text(item.name) === '') {
    tell('a framework has no name');
    return undefined;
  }
  const pid = text(item.pid);
  const { host, port } = pid === '' ? { host: text(item.hostname), port: undefined } : splitPid(pid);
  const addresses = addressesOf(host, hosts);
  if (host !== '' && addresses.length === 0) {
    tell(`framework ${text(item.name)} is on '${host}', which cannot be resolved`);
  }
  return { id: text(item.id), name: text(item.name), addresses, port };
}

/** A task as `/state` has it; undefined unless it runs. */
export function readTask(item: unknown, frameworkId: string): RunningTask | undefined {
  if (!isObject(item) || item.state !== 'TASK_RUNNING') return undefined;
  const id = text(item.id);
  const agentId = text(item.slave_id);
  if (id === '' || agentId === '') return undefined;
  const status = newestRunning(list(item.statuses));
  const discovery = isObject(item.discovery) ? item.discovery : undefined;
  const name = text(discovery?.name);
  const labels = new Map([...labelsOf(item.labels), ...labelsOf(discovery?.labels)]);
  const healthy = status?.healthy;
  return {
    id,
    name: text(item.name),
    frameworkId,
    agentId,
    ports: readRanges(text(isObject(item.resources) ? item.resources.ports : undefined)),
    discovery: discovery === undefined || name === '' ? undefined : { name, ports: discoveryPorts(discovery) },
    addresses: statusAddresses(status),
    healthy: typeof healthy === 'boolean' ? healthy : undefined,
    version: text(discovery?.version) || labels.get('version'),
    shard: labels.get('shard'),
  };
}

function newestRunning(statuses: readonly unknown[]): Json | undefined {
  let newest: Json | undefined;
  for (const status of statuses) {
    if (!isObject(status) || status.state !== 'TASK_RUNNING') continue;
    if (newest === undefined || number(status.timestamp) >= number(newest.timestamp)) newest = status;
  }
  return newest;
}

function statusAddresses(status: Json | undefined): RunningTask['addresses'] {
  const container = isObject(status?.container_status) ? status.container_status : {};
  const netinfo = list(container.network_infos).flatMap((info) => {
    if (!isObject(info)) return [];
    const addresses = list(info.ip_addresses).flatMap((one) => (isObject(one) ? text(one.ip_address) : []));
    // Mesos 0.25 had one address beside the list.
    return addresses.length > 0 ? addresses : [text(info.ip_address)];
  });
  const labels = new Map(labelsOf(status?.labels));
  const byLabel = (key: string): string[] => [labels.get(`${key}.NetworkSettings.IPAddress`) ?? ''].filter(isNotEmpty);
  return { netinfo: netinfo.filter(isNotEmpty), docker: byLabel('Docker'), mesos: byLabel('MesosContainerizer') };
}

function discoveryPorts(discovery: Json): DiscoveryPort[] {
  const ports = isObject(discovery.ports) ? discovery.ports : {};
  return list(ports.ports).flatMap((port) => {
    if (!isObject(port) || !isPort(port.number)) return [];
    return [{ number: port.number, name: text(port.name), protocol: text(port.protocol) }];
  });
}

/** Labels are a bare list in `/state`, and one in an object elsewhere. */
function labelsOf(value: unknown): [string, string][] {
  const labels = isObject(value) ? value.labels : value;
  return list(labels).flatMap((label): [string, string][] => {
    return isObject(label) && text(label.key) !== '' ? [[text(label.key), text(label.value)]] : [];
  });
}

/** `[31000-31001, 31005-31005]` as single ports. */
function readRanges(ranges: string): number[] {
  const ports: number[] = [];
  for (const [, first, last] of ranges.matchAll(/(\d{1,5})-(\d{1,5})/g)) {
    for (let port = Number(first); port <= Math.min(Number(last), 65_535) && ports.length < PORTS_MAX; port += 1) {
      ports.push(port);
    }
  }
  return ports;
}

/** Of one task: more are no service, and would make its answer too large for any packet. */
const PORTS_MAX = 256;

/** `slave(1)@10.0.0.1:5051`, or `master@…`. */
function splitPid(pid: string): { readonly host: string; readonly port: number } {
  const address = pid.slice(pid.lastIndexOf('@') + 1);
  const colon = address.lastIndexOf(':');
  const port = Number(address.slice(colon + 1));
  if (colon < 1 || !isPort(port)) return { host: '', port: 0 };
  return { host: address.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port };
}

function endpointOf(pid: string, hosts: HostAddresses): Endpoint | undefined {
  const { host, port } = splitPid(pid);
  const [address] = addressesOf(host, hosts);
  return address === undefined ? undefined : { address, port };
}

function addressesOf(host: string, hosts: HostAddresses): readonly string[] {
  const bytes = parseAddress(host);
  return bytes === undefined ? (hosts.get(host) ?? []) : [formatAddress(bytes)];
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function number(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function isPort(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= 65_535;
}

function isNotEmpty(value: string): boolean {
  return value !== '';
}
