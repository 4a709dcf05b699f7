/** The root group in memory and its records: apps and their versions, groups, past roots, service ports. */
import { onlyApp, podOf, type RunSpec } from '../core/pod/run-spec.ts';
import type { AppDefinition } from '@stadion/contract/orchestrator';
import { ancestorIds } from '../core/app/app-id.ts';
import { servicePortsOf } from '../core/app/service-ports.ts';
import { FIRST_VERSION } from '../core/next-version.ts';
import { PLAIN_GROUP, sameSettings, type GroupState } from '../core/root/group.ts';
import type { RootChange, RootSnapshot, RootView } from '../engine.ts';
import type { Journal } from './journal.ts';
import { PastRoot } from './past-root.ts';
import { appKey, asJson, groupKey, groupRecord, historyKey, historyRecord, rootKey, versionKey } from './records.ts';
import { RootHistory, type AppDelta, type RootDelta } from './root-history.ts';
import { SortedIds } from './sorted-ids.ts';

/** What is wanted. Every change goes to the journal too. */
export class RootState implements RootView {
  private readonly journal: Journal;
  private readonly targets = new Map<string, AppDefinition>();
  private readonly versions = new Map<string, Map<string, AppDefinition>>();
  private readonly groupStates = new Map<string, GroupState>();
  private readonly appIds = new SortedIds();
  private readonly groupIds = new SortedIds();
  private readonly history = new RootHistory();
  private readonly servicePorts = new Map<number, number>();
  private currentVersion = FIRST_VERSION;

  constructor(journal: Journal) {
    this.journal = journal;
  }

  get version(): string {
    return this.currentVersion;
  }

  app(id: string): AppDefinition | undefined {
    return onlyApp(this.targets.get(id));
  }

  *apps(groupId?: string): Iterable<AppDefinition> {
    for (const spec of this.specs(groupId)) if (podOf(spec) === undefined) yield spec;
  }

  spec(id: string): RunSpec | undefined {
    return this.targets.get(id);
  }

  *specs(groupId?: string): Iterable<RunSpec> {
    for (const id of this.appIds.within(groupId)) {
      const spec = this.targets.get(id);
      if (spec !== undefined) yield spec;
    }
  }

  isGroup(id: string): boolean {
    return id === '/' || this.groupStates.has(id);
  }

  group(id: string): GroupState | undefined {
    const group = this.groupStates.get(id);
    return id === '/' ? { ...PLAIN_GROUP, ...group, version: this.currentVersion } : group;
  }

  groups(groupId?: string): Iterable<string> {
    return this.groupIds.within(groupId);
  }

  get groupCount(): number {
    return this.groupIds.size;
  }

  rootVersions(): readonly string[] {
    const versions = this.history.versions();
    return versions.includes(this.currentVersion) ? versions : [this.currentVersion, ...versions];
  }

  rootAt(version: string): RootSnapshot | undefined {
    if (version === this.currentVersion) return this;
    const back = this.history.wayBackTo(version);
    return back && new PastRoot(version, this, back);
  }

  appVersions(id: string): readonly string[] {
    return [...(this.versions.get(id)?.keys() ?? [])].reverse();
  }

  appAtVersion(id: string, version: string): AppDefinition | undefined {
    return this.versions.get(id)?.get(version);
  }

  isServicePortUsed(port: number): boolean {
    return this.servicePorts.has(port);
  }

  /** All apps of which versions are remembered. */
  knownApps(): Iterable<string> {
    return this.versions.keys();
  }

  /** What a change would do, compared with what is now. Nothing is changed. */
  compare({ upserts, removals, groups = [] }: RootChange, version: string): RootDelta {
    const apps: AppDelta[] = [];
    const touched = new Set<string>();
    for (const to of upserts) {
      const from = this.targets.get(to.id);
      if (from === to) continue;
      apps.push({ id: to.id, from: from?.version, to: to.version });
      for (const id of ancestorIds(to.id)) touched.add(id);
    }
    for (const id of removals) {
      const from = this.targets.get(id);
      if (from === undefined) continue;
      apps.push({ id, from: from.version, to: undefined });
      for (const above of ancestorIds(id)) touched.add(above);
    }
    const edits = new Map(groups.map(({ id, to }) => [id, to]));
    for (const [id, to] of edits) {
      if (sameSettings(this.groupStates.get(id) ?? (id === '/' ? PLAIN_GROUP : undefined), to)) {
        edits.delete(id);
        continue;
      }
      touched.add(id);
      for (const above of ancestorIds(id)) touched.add(above);
    }
    const deltas = [...touched].map((id) => {
      const from = this.groupStates.get(id);
      const settings = edits.has(id) ? edits.get(id) : (from ?? PLAIN_GROUP);
      return { id, from, to: settings && { ...settings, version } };
    });
    return { version, before: this.currentVersion, apps, groups: deltas };
  }

  /** Carries out a change. @param delta what {@link compare} made of it */
  apply({ upserts }: RootChange, delta: RootDelta): void {
    const definitions = new Map(upserts.map((app) => [app.id, app]));
    for (const { id, to } of delta.apps) {
      const app = definitions.get(id);
      if (to === undefined || app === undefined) this.remove(id);
      else this.set(app);
    }
    for (const { id, to } of delta.groups) {
      if (to === undefined) this.dropGroup(id);
      else {
        this.loadGroup(id, to);
        this.journal.put(groupKey(id), groupRecord(to));
      }
    }
    this.currentVersion = delta.version;
    this.journal.put(rootKey, { version: delta.version });
    if (delta.apps.length === 0 && delta.groups.length === 0) return;
    this.journal.put(historyKey(delta.version), historyRecord(delta));
    for (const old of this.history.add(delta)) this.journal.remove(historyKey(old.version));
  }

  private set(app: AppDefinition): void {
    this.load(app);
    this.loadVersion(app);
    this.journal.put(appKey(app.id), { version: app.version });
    this.journal.put(versionKey(app.id, app.version), asJson(app));
  }

  /** Takes an app out of the root. Its versions stay until they are {@link forget forgotten}. */
  private remove(id: string): void {
    const app = this.targets.get(id);
    if (app === undefined) return;
    this.targets.delete(id);
    this.appIds.delete(id);
    this.countPorts(app, -1);
    this.journal.remove(appKey(id));
  }

  private dropGroup(id: string): void {
    this.groupStates.delete(id);
    this.groupIds.delete(id);
    this.journal.remove(groupKey(id));
  }

  /** Drops the versions of an app that is gone, save those that past roots show. */
  forget(id: string): void {
    const versions = this.versions.get(id);
    for (const version of [...(versions?.keys() ?? [])]) {
      if (this.history.isUsed(id, version)) continue;
      versions?.delete(version);
      this.journal.remove(versionKey(id, version));
    }
    if (versions?.size === 0) this.versions.delete(id);
  }

  /** Drops the oldest versions above `limit`, save those still in use. */
  prune(id: string, limit: number, isUsed: (version: string) => boolean): void {
    const versions = this.versions.get(id);
    if (versions === undefined || versions.size <= limit) return;
    let surplus = versions.size - limit;
    for (const version of [...versions.keys()]) {
      if (surplus === 0) return;
      if (version === this.targets.get(id)?.version || isUsed(version) || this.history.isUsed(id, version)) continue;
      versions.delete(version);
      this.journal.remove(versionKey(id, version));
      surplus -= 1;
    }
  }

  /** Takes over a version from the store. Versions come oldest first. */
  loadVersion(app: AppDefinition): void {
    let versions = this.versions.get(app.id);
    if (versions === undefined) {
      versions = new Map();
      this.versions.set(app.id, versions);
    }
    versions.set(app.version, app);
  }

  /** Takes over a wanted definition, from the store or from a change. The groups above it exist from now on. */
  load(app: AppDefinition): void {
    const old = this.targets.get(app.id);
    if (old === undefined) this.appIds.add(app.id);
    else this.countPorts(old, -1);
    this.targets.set(app.id, app);
    this.countPorts(app, 1);
    for (const groupId of ancestorIds(app.id)) {
      if (!this.groupStates.has(groupId)) this.loadGroup(groupId, { ...PLAIN_GROUP, version: app.version });
    }
  }

  /** Takes over a group. */
  loadGroup(id: string, group: GroupState): void {
    this.groupStates.set(id, group);
    if (id !== '/') this.groupIds.add(id);
  }

  /** Takes over a past change from the store. They come oldest first. */
  loadHistory(delta: RootDelta): void {
    this.history.add(delta);
  }

  /** Takes over the root's version from the store. */
  loadRootVersion(version: string): void {
    if (version > this.currentVersion) this.currentVersion = version;
  }

  private countPorts(app: AppDefinition, step: 1 | -1): void {
    for (const port of servicePortsOf(app)) {
      if (port === 0) continue;
      const count = (this.servicePorts.get(port) ?? 0) + step;
      if (count > 0) this.servicePorts.set(port, count);
      else this.servicePorts.delete(port);
    }
  }
}
