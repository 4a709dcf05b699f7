/**
 * What the root was: for each of its last versions what that change did to apps and groups, by versions. A past root is
 * the present one with the changes since taken back. Kept by parts: no record grows with the number of apps.
 */
import type { GroupState } from '../core/root/group.ts';
import { ROOT_VERSIONS_MAX } from './limits.ts';

/** One app before and after a change, by versions; undefined: it was not there. */
export interface AppDelta {
  readonly id: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/** One group before and after a change; undefined: it was not there. */
export interface GroupDelta {
  readonly id: string;
  readonly from: GroupState | undefined;
  readonly to: GroupState | undefined;
}

/** What one change did. */
export interface RootDelta {
  readonly version: string;
  /** The version of the root before. */
  readonly before: string;
  readonly apps: readonly AppDelta[];
  readonly groups: readonly GroupDelta[];
}

/** What has to be taken back to be at an earlier version. */
export interface WayBack {
  readonly apps: ReadonlyMap<string, string | undefined>;
  readonly groups: ReadonlyMap<string, GroupState | undefined>;
}

/** One per root. */
export class RootHistory {
  /** Oldest first. */
  private readonly deltas: RootDelta[] = [];
  /** How many remembered changes name a version of an app. */
  private readonly uses = new Map<string, number>();

  /** Remembers a change. @returns changes that are remembered no more */
  add(delta: RootDelta): readonly RootDelta[] {
    this.deltas.push(delta);
    this.count(delta, 1);
    const dropped = this.deltas.splice(0, Math.max(0, this.deltas.length - ROOT_VERSIONS_MAX));
    for (const old of dropped) this.count(old, -1);
    return dropped;
  }

  /** Whether a version of an app is needed to show a past root. */
  isUsed(appId: string, version: string): boolean {
    return this.uses.has(`${appId} ${version}`);
  }

  /** Versions of the root, newest first. */
  versions(): readonly string[] {
    const oldest = this.deltas[0]?.before;
    const versions = this.deltas.map(({ version }) => version).reverse();
    return oldest === undefined ? versions : [...versions, oldest];
  }

  /** How to get back to a version from the newest one; undefined when it is not remembered. */
  wayBackTo(version: string): WayBack | undefined {
    const at = this.deltas.findIndex((delta) => delta.version === version);
    if (at < 0 && this.deltas[0]?.before !== version) return undefined;
    const apps = new Map<string, string | undefined>();
    const groups = new Map<string, GroupState | undefined>();
    for (let index = this.deltas.length - 1; index > at; index -= 1) {
      for (const { id, from } of this.deltas[index]?.apps ?? []) apps.set(id, from);
      for (const { id, from } of this.deltas[index]?.groups ?? []) groups.set(id, from);
    }
    return { apps, groups };
  }

  private count({ apps }: RootDelta, step: 1 | -1): void {
    for (const { id, from, to } of apps) {
      for (const version of [from, to]) {
        if (version === undefined) continue;
        const key = `${id} ${version}`;
        const count = (this.uses.get(key) ?? 0) + step;
        if (count > 0) this.uses.set(key, count);
        else this.uses.delete(key);
      }
    }
  }
}
