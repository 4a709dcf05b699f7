/** A master's `/state` for tests: two agents, Marathon, and tasks of every kind. */

/** Options of a task. */
export interface TaskOptions {
  readonly state?: string;
  readonly agent?: string;
  readonly ports?: string;
  readonly discovery?: unknown;
  readonly healthy?: boolean;
  readonly addresses?: readonly string[];
  readonly labels?: readonly { key: string; value: string }[];
}

/** One task as `/state` has it. */
export function stateTask(id: string, name: string, options: TaskOptions = {}) {
  const { state = 'TASK_RUNNING', agent = 'F-S0', ports = '[31000-31001]', addresses = [] } = options;
  const status = {
    state,
    timestamp: 1000,
    ...(options.healthy === undefined ? {} : { healthy: options.healthy }),
    container_status: {
      network_infos: [{ ip_addresses: addresses.map((ip_address) => ({ ip_address })) }],
    },
  };
  return {
    id,
    name,
    slave_id: agent,
    state,
    resources: { cpus: 1, ports },
    statuses: [status],
    ...(options.discovery === undefined ? {} : { discovery: options.discovery }),
    ...(options.labels === undefined ? {} : { labels: options.labels }),
  };
}

/** As Marathon announces an app of that dotted name. */
export function marathonDiscovery(name: string, ports: readonly unknown[] = []) {
  return { visibility: 'FRAMEWORK', name, ports: { ports } };
}

/** A whole state. */
export function clusterState(tasks: readonly unknown[], leader = 'master@10.0.0.1:5050') {
  return {
    pid: leader,
    leader,
    slaves: [
      { id: 'F-S0', pid: 'slave(1)@10.0.0.10:5051', hostname: 'one' },
      { id: 'F-S1', pid: 'slave(1)@10.0.0.11:5051', hostname: 'two' },
    ],
    frameworks: [{ id: 'F-0', name: 'marathon', pid: 'scheduler@10.0.0.2:41000', hostname: 'x', tasks }],
  };
}
