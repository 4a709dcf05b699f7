/** The root group in memory and its records: app definitions, their versions, group versions, service ports. */
import type { AppDefinition } from '@stadion/contract/orchestrator';
import { ancestorIds } from '../core/app/app-id.ts';
import { FIRST_VERSION } from '../core/next-version.ts';
import type { RootView } from '../engine.ts';
import type { Journal } from './journal.ts';
import { appKey, asJson, groupKey, rootKey, versionKey } from './records.ts';

/** What is wanted. Every change goes to the journal too. */
export class RootState implements RootView {
  private readonly journal: Journal;
  private readonly targets = new Map<string, AppDefinition>();
  private readonly versions = new Map<string, Map<string, AppDefinition>>();
  private readonly groups = new Map<string, { version: string; apps: number }>();
  private readonly servicePorts = new Map<number, number>();
  private sortedIds: string[] | undefined;
  private currentVersion = FIRST_VERSION;

  constructor(journal: Journal) {
    this.journal = journal;
  }

  get version(): string {
    return this.currentVersion;
  }

  app(id: string): AppDefinition | undefined {
    return this.targets.get(id);
  }

  *apps(groupId?: string): Iterable<AppDefinition> {
    const ids = (this.sortedIds ??= [...this.targets.keys()].sort());
    const prefix = groupId === undefined || groupId === '/' ? '/' : `${groupId}/`;
    for (let index = firstAtOrAfter(ids, prefix); index < ids.length; index += 1) {
      const id = ids[index];
      if (id?.startsWith(prefix) !== true) return;
      const app = this.targets.get(id);
      if (app !== undefined) yield app;
    }
  }

  isGroup(id: string): boolean {
    return id === '/' || this.groups.has(id);
  }

  groupVersion(id: string): string {
    return this.groups.get(id)?.version ?? this.currentVersion;
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

  /** Makes a definition the wanted one. */
  set(app: AppDefinition): void {
    this.load(app, true);
    this.loadVersion(app);
    this.journal.put(appKey(app.id), { version: app.version });
    this.journal.put(versionKey(app.id, app.version), asJson(app));
    this.touchGroups(app.id, app.version);
  }

  /** Takes an app out of the root. Its versions stay until they are {@link forget forgotten}. */
  remove(id: string, version: string): void {
    const app = this.targets.get(id);
    if (app === undefined) return;
    this.targets.delete(id);
    this.sortedIds = undefined;
    this.countPorts(app, -1);
    this.journal.remove(appKey(id));
    for (const groupId of ancestorIds(id)) {
      const group = this.groups.get(groupId);
      if (group !== undefined) group.apps -= 1;
    }
    this.touchGroups(id, version);
  }

  /** Sets the version of the root itself. */
  setVersion(version: string): void {
    this.currentVersion = version;
    this.journal.put(rootKey, { version });
  }

  /** Drops the versions of an app that is gone. */
  forget(id: string): void {
    for (const version of this.versions.get(id)?.keys() ?? []) this.journal.remove(versionKey(id, version));
    this.versions.delete(id);
  }

  /** Drops the oldest versions above `limit`, save those still in use. */
  prune(id: string, limit: number, isUsed: (version: string) => boolean): void {
    const versions = this.versions.get(id);
    if (versions === undefined || versions.size <= limit) return;
    let surplus = versions.size - limit;
    for (const version of [...versions.keys()]) {
      if (surplus === 0) return;
      if (version === this.targets.get(id)?.version || isUsed(version)) continue;
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

  /** Takes over a wanted definition, from the store or from a change. */
  load(app: AppDefinition, isChange = false): void {
    const old = this.targets.get(app.id);
    if (old === undefined) this.sortedIds = undefined;
    else this.countPorts(old, -1);
    this.targets.set(app.id, app);
    this.countPorts(app, 1);
    if (old !== undefined) return;
    for (const groupId of ancestorIds(app.id)) {
      const group = this.groups.get(groupId);
      if (group === undefined) this.groups.set(groupId, { version: app.version, apps: 1 });
      else {
        group.apps += 1;
        if (!isChange && app.version > group.version) group.version = app.version;
      }
    }
  }

  /** Takes over a group's version from the store; groups without apps are not kept. */
  loadGroup(id: string, version: string): void {
    const group = this.groups.get(id);
    if (group !== undefined) group.version = version;
  }

  /** Takes over the root's version from the store. */
  loadRootVersion(version: string): void {
    if (version > this.currentVersion) this.currentVersion = version;
  }

  private touchGroups(appId: string, version: string): void {
    for (const groupId of ancestorIds(appId)) {
      const group = this.groups.get(groupId);
      if (group === undefined) continue;
      if (group.apps === 0) {
        this.groups.delete(groupId);
        this.journal.remove(groupKey(groupId));
      } else {
        group.version = version;
        this.journal.put(groupKey(groupId), { version });
      }
    }
  }

  private countPorts(app: AppDefinition, step: 1 | -1): void {
    for (const port of servicePortsOf(app)) {
      const count = (this.servicePorts.get(port) ?? 0) + step;
      if (count > 0) this.servicePorts.set(port, count);
      else this.servicePorts.delete(port);
    }
  }
}

function* servicePortsOf(app: AppDefinition): Iterable<number> {
  for (const definition of app.portDefinitions ?? []) if (definition.port > 0) yield definition.port;
  for (const mapping of app.container?.portMappings ?? []) if (mapping.servicePort > 0) yield mapping.servicePort;
}

/** The index of the first text that is not before `bound`, in a sorted list. */
function firstAtOrAfter(sorted: readonly string[], bound: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? '') < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
