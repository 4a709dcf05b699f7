/** What an agent's `/flags` and `/state` show of its settings, under the names that Mesos has for them. */
import { join, resolve } from 'node:path';
import type { ServerConfig } from '@stadion/contract';
import { advertisedAddress, hostnameOf } from './addresses.ts';

/** Where an agent keeps sandboxes and records: an absolute path. */
export function workDirectoryOf({ workDir, dataDir }: Pick<ServerConfig, 'workDir' | 'dataDir'>): string {
  return resolve(workDir ?? join(dataDir, 'agent'));
}

/** As texts, like Mesos's; secrets never go in. Tools find sandboxes below `work_dir`. */
export function agentFlags(config: ServerConfig): Readonly<Record<string, string>> {
  return {
    ...(config.attributes === undefined ? {} : { attributes: config.attributes }),
    cgroups_enable_cfs: String(config.hardCpuLimit),
    ...(config.containerizers === undefined ? {} : { containerizers: config.containerizers }),
    hostname: hostnameOf(config),
    ip: advertisedAddress(config.bindAddress),
    port: String(config.agentPort),
    ...(config.resources === undefined ? {} : { resources: config.resources }),
    work_dir: workDirectoryOf(config),
  };
}
