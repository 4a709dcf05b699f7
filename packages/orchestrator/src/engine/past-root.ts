/** The root as it was: the present one, with the changes since taken back. */
import type { AppDefinition } from '@stadion/contract/orchestrator';
import { onlyApp, podOf, type RunSpec } from '../core/pod/run-spec.ts';
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
    return onlyApp(this.spec(id));
  }

  apps(groupId = '/'): readonly AppDefinition[] {
    return this.specs(groupId).filter((spec) => podOf(spec) === undefined);
  }

  spec(id: string): RunSpec | undefined {
    if (!this.back.apps.has(id)) return this.now.spec(id);
    const version = this.back.apps.get(id);
    return version === undefined ? undefined : this.now.appAtVersion(id, version);
  }

  specs(groupId = '/'): readonly RunSpec[] {
    const ids = new Set([...this.now.specs(groupId)].map(({ id }) => id));
    for (const id of this.back.apps.keys()) if (id !== groupId && isWithin(id, groupId)) ids.add(id);
    return [...ids].sort().flatMap((id) => this.spec(id) ?? []);
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
