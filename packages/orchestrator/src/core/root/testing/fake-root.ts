/** A root group in memory for tests: changes are applied at once, and every past root is kept whole. */
import { onlyApp, podOf, type RunSpec } from '../../pod/run-spec.ts';
import type { AppDefinition } from '@stadion/contract/orchestrator';
import type { Outcome, RootChange, RootSnapshot, RootView } from '../../../engine.ts';
import { ancestorIds } from '../../app/app-id.ts';
import { servicePortsOf } from '../../app/service-ports.ts';
import { formatTimestamp } from '../../app/timestamp.ts';
import type { AppChange, Change } from '../change.ts';
import { PLAIN_GROUP, isWithin, type GroupState } from '../group.ts';

/** The first change has this version; each further one is a second later. */
const START = Date.UTC(2026, 0, 1);

/** A root at one moment. */
class Snapshot implements RootSnapshot {
  readonly version: string;
  readonly appsById: ReadonlyMap<string, AppDefinition>;
  readonly groupsById: ReadonlyMap<string, GroupState>;

  constructor(
    version: string,
    appsById: ReadonlyMap<string, AppDefinition> = new Map(),
    groupsById: ReadonlyMap<string, GroupState> = new Map(),
  ) {
    this.version = version;
    this.appsById = appsById;
    this.groupsById = groupsById;
  }

  app(id: string): AppDefinition | undefined {
    return onlyApp(this.spec(id));
  }

  apps(groupId = '/'): readonly AppDefinition[] {
    return this.specs(groupId).filter((spec) => podOf(spec) === undefined);
  }

  spec(id: string): RunSpec | undefined {
    return this.appsById.get(id);
  }

  specs(groupId = '/'): readonly RunSpec[] {
    const all = [...this.appsById.values()].filter(({ id }) => isWithin(id, groupId) && id !== groupId);
    return all.sort((left, right) => (left.id < right.id ? -1 : 1));
  }

  group(id: string): GroupState | undefined {
    return id === '/' ? { ...PLAIN_GROUP, version: this.version } : this.groupsById.get(id);
  }

  groups(groupId = '/'): readonly string[] {
    return [...this.groupsById.keys()].filter((id) => isWithin(id, groupId) && id !== groupId).sort();
  }

  /** The next root. */
  after({ upserts, removals, groups = [] }: RootChange, version: string): Snapshot {
    const apps = new Map(this.appsById);
    const states = new Map(this.groupsById);
    const touch = (id: string): void => {
      for (const above of ancestorIds(id)) states.set(above, { ...PLAIN_GROUP, ...states.get(above), version });
    };
    for (const app of upserts) {
      apps.set(app.id, app);
      touch(app.id);
    }
    for (const id of removals) {
      apps.delete(id);
      touch(id);
    }
    for (const { id, to } of groups) {
      if (to === undefined) states.delete(id);
      else if (id !== '/') states.set(id, { ...to, version });
    }
    return new Snapshot(version, apps, states);
  }
}

/** A root group that a test can change and look into. */
export class FakeRoot implements RootView {
  private readonly snapshots: Snapshot[] = [new Snapshot(formatTimestamp(START))];
  private readonly history = new Map<string, AppDefinition[]>();

  private get now(): Snapshot {
    return this.snapshots.at(-1) ?? new Snapshot(formatTimestamp(START));
  }

  get version(): string {
    return this.now.version;
  }

  app(id: string): AppDefinition | undefined {
    return this.now.app(id);
  }

  apps(groupId?: string): readonly AppDefinition[] {
    return this.now.apps(groupId);
  }

  isGroup(id: string): boolean {
    return this.now.group(id) !== undefined;
  }

  spec(id: string): RunSpec | undefined {
    return this.now.spec(id);
  }

  specs(groupId?: string): readonly RunSpec[] {
    return this.now.specs(groupId);
  }

  group(id: string): GroupState | undefined {
    return this.now.group(id);
  }

  groups(groupId?: string): readonly string[] {
    return this.now.groups(groupId);
  }

  rootVersions(): readonly string[] {
    return this.snapshots.map(({ version }) => version).reverse();
  }

  rootAt(version: string): RootSnapshot | undefined {
    return this.snapshots.find((snapshot) => snapshot.version === version);
  }

  appVersions(id: string): readonly string[] {
    return (this.history.get(id) ?? []).map(({ version }) => version).reverse();
  }

  appAtVersion(id: string, version: string): AppDefinition | undefined {
    return this.history.get(id)?.find((app) => app.version === version);
  }

  isServicePortUsed(port: number): boolean {
    return this.apps().some((app) => servicePortsOf(app).includes(port));
  }

  /** The version that the next change will have. */
  get nextVersion(): string {
    return formatTimestamp(START + this.snapshots.length * 1000);
  }

  /** Carries out a command, and applies what it comes to. */
  run(change: Change): Outcome<AppChange> {
    const outcome = change(this, this.nextVersion);
    if (outcome.ok) this.apply(outcome.value);
    return outcome;
  }

  /** Applies a change. */
  apply(change: RootChange): void {
    this.snapshots.push(this.now.after(change, this.nextVersion));
    for (const app of change.upserts) this.history.set(app.id, [...(this.history.get(app.id) ?? []), app]);
  }
}
