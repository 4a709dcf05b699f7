/** `/flags`: the settings under the names that Mesos has for them, as texts. */
import type { MasterConfig } from '../config.ts';
import type { MasterIdentity } from '../master.ts';

/** Durations are written as Mesos writes them: `3secs`. */
export function flags(config: MasterConfig, identity: MasterIdentity): Record<string, string> {
  const { weights } = config;
  return {
    agent_ping_timeout: seconds(config.agentPingIntervalMs),
    agent_reregister_timeout: seconds(config.agentReregisterTimeoutMs),
    allocation_interval: seconds(config.allocationIntervalMs),
    allocator: 'hierarchical',
    authenticate_agents: 'false',
    authenticate_frameworks: 'false',
    filter_gpu_resources: 'true',
    framework_sorter: 'drf',
    hostname: identity.hostname,
    ip: identity.ip,
    port: String(identity.port),
    max_agent_ping_timeouts: String(config.agentPingMissesMax),
    max_completed_frameworks: String(config.completedFrameworks),
    max_completed_tasks_per_framework: String(config.completedTasksPerFramework),
    min_allocatable_resources: 'cpus:0.01|mem:32',
    role_sorter: 'drf',
    ...(identity.clusterName === undefined ? {} : { cluster: identity.clusterName }),
    ...(config.offerTimeoutMs === undefined ? {} : { offer_timeout: seconds(config.offerTimeoutMs) }),
    ...(Object.keys(weights).length === 0
      ? {}
      : {
          weights: Object.entries(weights)
            .map(([role, weight]) => `${role}=${String(weight)}`)
            .join(','),
        }),
  };
}

function seconds(milliseconds: number): string {
  return `${String(milliseconds / 1000)}secs`;
}
