/** What a name may have, and the names that one object of a cluster brings: the naming rules of Mesos-DNS. */
import type { Agent, Cluster, Framework, RunningTask } from './cluster.ts';
import { domainFragment, type LabelRule } from './labels.ts';
import { formatAddress, parseAddress } from './ip-address.ts';

/** The kinds of records that describe a cluster. */
export type RecordType = 'A' | 'AAAA' | 'SRV';

/** One record. `name` has no dot at the end; `value` is an IP address, or `target:port` for SRV. */
export interface DnsRecord {
  readonly name: string;
  readonly type: RecordType;
  readonly value: string;
}

/** What names depend on beside the cluster. */
export interface NamingRules {
  /** E.g. `mesos`. */
  readonly domain: string;
  readonly label: LabelRule;
  /** Where a task's addresses come from: the first source that has any. */
  readonly ipSources: readonly IpSource[];
  /** The short hash of a task's id. */
  readonly hash: (taskId: string) => string;
}

/** Names of sources as Mesos-DNS's `IPSources` has them. */
export const ipSources = ['netinfo', 'docker', 'mesos', 'host'] as const;
export type IpSource = (typeof ipSources)[number];

/** The records of a running task. Without its agent it has none. */
export function taskRecords(
  task: RunningTask,
  framework: Pick<Framework, 'name'>,
  agent: Agent,
  rules: NamingRules,
): DnsRecord[] {
  const writer = new TaskWriter(task, domainFragment(framework.name, rules.label), agent, rules);
  if (task.discovery === undefined) {
    writer.write(rules.label(task.name));
    return writer.records;
  }
  // Mesos-DNS publishes the name as it is beside the label that it makes of it; clients use either.
  const label = rules.label(task.discovery.name);
  if (task.discovery.name !== label) writer.write(task.discovery.name.toLowerCase());
  writer.write(label);
  return writer.records;
}

class TaskWriter {
  readonly records: DnsRecord[] = [];
  private readonly task: RunningTask;
  private readonly framework: string;
  private readonly rules: NamingRules;
  private readonly agentAddresses: readonly string[];
  private readonly addresses: readonly string[];
  private readonly suffix: string;

  constructor(task: RunningTask, framework: string, agent: Agent, rules: NamingRules) {
    this.task = task;
    this.framework = framework;
    this.rules = rules;
    this.agentAddresses = agent.addresses;
    this.addresses = addressesOf(task, agent, rules.ipSources);
    const tail = task.agentId.slice(task.agentId.lastIndexOf('-') + 1).toLowerCase();
    this.suffix = `-${rules.hash(task.id)}-${tail}`;
  }

  write(name: string): void {
    if (name === '') return;
    const { framework, task } = this;
    const { domain, label } = this.rules;
    const canonical = `${name}${this.suffix}`;
    const own = [framework, domain];
    const agents = [framework, 'slave', domain];
    this.addAddresses([name, ...own], this.addresses);
    this.addAddresses([canonical, ...own], this.addresses);
    this.addAddresses([name, ...agents], this.agentAddresses);
    this.addAddresses([canonical, ...agents], this.agentAddresses);
    const onAgent = join([canonical, ...agents]);
    for (const port of task.ports) {
      for (const protocol of BOTH) {
        this.add([`_${name}`, protocol, ...agents], 'SRV', `${onAgent}:${String(port)}`);
        if (task.discovery === undefined) this.add([`_${name}`, protocol, ...own], 'SRV', `${onAgent}:${String(port)}`);
      }
    }
    const target = join([canonical, ...own]);
    for (const { number, name: portName, protocol } of task.discovery?.ports ?? []) {
      const protocols = protocol === '' ? BOTH : [`_${label(protocol)}`];
      const portLabel = label(portName);
      for (const one of protocols) {
        const value = `${target}:${String(number)}`;
        this.add([`_${name}`, one, ...own], 'SRV', value);
        if (portLabel !== '') this.add([`_${portLabel}`, `_${name}`, one, ...own], 'SRV', value);
      }
    }
    this.writeSubnames(name, own, task.discovery === undefined ? onAgent : target);
  }

  /** Stadion's own: one version or shard of a service by a name below that of the service. */
  private writeSubnames(name: string, own: readonly string[], target: string): void {
    const { task } = this;
    const { label } = this.rules;
    const ports = task.discovery === undefined ? task.ports : task.discovery.ports.map(({ number }) => number);
    const version = label(task.version ?? '');
    const shard = label(task.shard ?? '');
    const subnames = [
      ...(version === '' ? [] : [/^v\d/.test(version) ? version : `v${version}`]),
      ...(shard === '' ? [] : [`shard-${shard}`]),
    ];
    for (const subname of subnames) {
      this.addAddresses([subname, name, ...own], this.addresses);
      for (const port of ports) this.add([subname, name, ...own], 'SRV', `${target}:${String(port)}`);
    }
  }

  private addAddresses(parts: readonly string[], addresses: readonly string[]): void {
    for (const address of addresses) this.add(parts, address.includes(':') ? 'AAAA' : 'A', address);
  }

  private add(parts: readonly string[], type: RecordType, value: string): void {
    this.records.push({ name: join(parts), type, value });
  }
}

const BOTH = ['_tcp', '_udp'] as const;

/** `slave.D` and the port at which agents listen. */
export function agentRecords(agent: Agent, { domain }: NamingRules): DnsRecord[] {
  return [
    ...addressRecords(`slave.${domain}`, agent.addresses),
    { name: `_slave._tcp.${domain}`, type: 'SRV', value: `slave.${domain}:${String(agent.port)}` },
  ];
}

/** The scheduler of a framework: its address, and its port where it is known. */
export function frameworkRecords(framework: Framework, { domain, label }: NamingRules): DnsRecord[] {
  const fragment = domainFragment(framework.name, label);
  if (fragment === '') return [];
  const name = `${fragment}.${domain}`;
  const records = addressRecords(name, framework.addresses);
  if (framework.port !== undefined) {
    records.push({ name: `_framework._tcp.${name}`, type: 'SRV', value: `${name}:${String(framework.port)}` });
  }
  return records;
}

/** `leader`, `master` and `master0`, `master1`, …: a leader that is not in the list gets the next number. */
export function masterRecords(
  { leader, masters }: Pick<Cluster, 'leader' | 'masters'>,
  { domain }: NamingRules,
): DnsRecord[] {
  const records: DnsRecord[] = [];
  if (leader !== undefined) {
    records.push(...addressRecords(`leader.${domain}`, [leader.address]));
    for (const protocol of BOTH) {
      const value = `leader.${domain}:${String(leader.port)}`;
      records.push({ name: `_leader.${protocol}.${domain}`, type: 'SRV', value });
    }
  }
  const isListed = leader === undefined || masters.some(({ address }) => address === leader.address);
  const all = isListed ? masters : [...masters, leader];
  for (const [index, { address }] of all.entries()) {
    records.push(
      ...addressRecords(`master.${domain}`, [address]),
      ...addressRecords(`master${String(index)}.${domain}`, [address]),
    );
  }
  return records;
}

/** Address records of one name. */
export function addressRecords(name: string, addresses: readonly string[]): DnsRecord[] {
  return addresses.map((value) => ({ name, type: value.includes(':') ? 'AAAA' : 'A', value }));
}

function addressesOf(task: RunningTask, agent: Agent, order: readonly IpSource[]): readonly string[] {
  for (const source of order) {
    const texts = source === 'host' ? agent.addresses : task.addresses[source];
    const addresses = texts.flatMap((text) => {
      const bytes = parseAddress(text);
      return bytes === undefined ? [] : [formatAddress(bytes)];
    });
    if (addresses.length > 0) return addresses;
  }
  return [];
}

function join(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('.');
}
