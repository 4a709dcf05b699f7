/** The root as it was: the present one, with the changes since taken back. */
import type { AppDefinition } from '@stadion/contract/orchestrator';
import { isWithin, type GroupState } from '../core/root/group.ts';
import type { RootSnapshot, RootView } from '../engine.ts';
import type { WayBack } from './root-history.ts';

/** A root at a version that is over. */
export class PastRoot implements RootSnapshot {
  readonly version: string;
  private readonly now: RootView;
  private readonly back: WayBack;

  constructor(version: string, now: RootView, back: WayBack) {
    this.version = version;
    this.now = now;
    this.back = back;
  }

  app(id: string): AppDefinition | undefined {
    if (!this.back.apps.has(id)) return this.now.app(id);
    const version = this.back.apps.get(id);
    return version === undefined ? undefined : this.now.appAtVersion(id, version);
  }

  apps(groupId = '/'): readonly AppDefinition[] {
    const ids = new Set([...this.now.apps(groupId)].map(({ id }) => id));
    for (const id of this.back.apps.keys()) if (id !== groupId && isWithin(id, groupId)) ids.add(id);
    return [...ids].sort().flatMap((id) => this.app(id) ?? []);
  }

  group(id: string): GroupState | undefined {
    const group = this.back.groups.has(id) ? this.back.groups.get(id) : this.now.group(id);
    return group !== undefined && id === '/' ? { ...group, version: this.version } : group;
  }

  groups(groupId = '/'): readonly string[] {
    const ids = new Set(this.now.groups(groupId));
    for (const id of this.back.groups.keys()) if (id !== groupId && isWithin(id, groupId)) ids.add(id);
    return [...ids].sort().filter((id) => id !== '/' && this.group(id) !== undefined);
  }
}
