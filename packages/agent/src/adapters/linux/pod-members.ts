/** Which containers of which pod are there: what they share goes with the last of them. */
import type { ContainerNetworks } from './networks/container-networks.ts';
import type { SharedProcesses } from './shared-processes.ts';

/** One per agent. */
export class PodMembers {
  private readonly pods = new Map<string, Set<string>>();
  private readonly networks: ContainerNetworks;
  private readonly processes: SharedProcesses;

  constructor(networks: ContainerNetworks, processes: SharedProcesses) {
    this.networks = networks;
    this.processes = processes;
  }

  /** @param podId undefined: of no pod */
  join(containerId: string, podId: string | undefined): void {
    if (podId === undefined) return;
    const members = this.pods.get(podId) ?? new Set();
    members.add(containerId);
    this.pods.set(podId, members);
  }

  podOf(containerId: string): string | undefined {
    for (const [podId, members] of this.pods) if (members.has(containerId)) return podId;
    return undefined;
  }

  /** The last one takes along what was shared. */
  async leave(containerId: string, podId: string | undefined): Promise<void> {
    if (podId === undefined) return;
    const members = this.pods.get(podId);
    members?.delete(containerId);
    if ((members?.size ?? 0) > 0) return;
    this.pods.delete(podId);
    await this.processes.leave(podId);
    await this.networks.leave(podId);
  }

  /** Takes apart what neither a container of these nor a pod of theirs has: an agent died while it did. */
  async clearOrphans(known: ReadonlySet<string>): Promise<void> {
    for (const key of this.processes.list()) if (!this.pods.has(key)) await this.processes.leave(key);
    for (const key of await this.networks.list()) {
      if (!known.has(key) && !this.pods.has(key)) await this.networks.leave(key);
    }
  }
}
