/** Which containers of which pod are there: what they share goes with the last of them. */
export class PodMembers {
  private readonly pods = new Map<string, Set<string>>();

  /** @param podId undefined: of no pod */
  join(containerId: string, podId: string | undefined): void {
    if (podId === undefined) return;
    const members = this.pods.get(podId) ?? new Set();
    members.add(containerId);
    this.pods.set(podId, members);
  }

  has(podId: string): boolean {
    return this.pods.has(podId);
  }

  podOf(containerId: string): string | undefined {
    for (const [podId, members] of this.pods) if (members.has(containerId)) return podId;
    return undefined;
  }

  /** @returns whether it was the last */
  leave(containerId: string, podId: string): boolean {
    const members = this.pods.get(podId);
    members?.delete(containerId);
    if ((members?.size ?? 0) > 0) return false;
    this.pods.delete(podId);
    return true;
  }
}
