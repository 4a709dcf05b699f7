/** The root group as it would be after part of a change: what rules that concern several apps look at. */
import type { AppDefinition } from '@stadion/contract/orchestrator';
import type { RootView } from '../../engine.ts';
import { ancestorIds } from '../app/app-id.ts';
import { servicePortsOf } from '../app/service-ports.ts';
import type { AppSpec } from '../app/spec.ts';
import { PLAIN_GROUP, type GroupEdit, type GroupSettings } from './group.ts';

/** A root with some apps and groups laid over it, and some taken away. */
export class ProspectiveRoot {
  private readonly root: RootView;
  /** Undefined: taken away. */
  private readonly laid = new Map<string, AppSpec | undefined>();
  private readonly groups = new Map<string, GroupSettings | undefined>();
  private readonly ports = new Set<number>();

  constructor(root: RootView) {
    this.root = root;
  }

  /** The app as it is now, without what was laid over. */
  current(id: string): AppDefinition | undefined {
    return this.root.spec(id);
  }

  /** Lays an app over the root; the groups above it come into being. */
  lay(app: AppSpec): void {
    this.laid.set(app.id, app);
    for (const id of ancestorIds(app.id)) {
      if (this.group(id) === undefined) this.groups.set(id, PLAIN_GROUP);
    }
    for (const port of servicePortsOf(app)) this.ports.add(port);
  }

  removeApp(id: string): void {
    this.laid.set(id, undefined);
  }

  setGroup(id: string, settings: GroupSettings): void {
    this.groups.set(id, settings);
    for (const above of ancestorIds(id)) {
      if (this.group(above) === undefined) this.groups.set(above, PLAIN_GROUP);
    }
  }

  removeGroup(id: string): void {
    this.groups.set(id, undefined);
  }

  app(id: string): AppSpec | undefined {
    return this.laid.has(id) ? this.laid.get(id) : this.root.spec(id);
  }

  group(id: string): GroupSettings | undefined {
    return this.groups.has(id) ? this.groups.get(id) : this.root.group(id);
  }

  isGroup(id: string): boolean {
    return id === '/' || this.group(id) !== undefined;
  }

  /** The groups that were laid over the root or taken away. */
  groupEdits(): readonly GroupEdit[] {
    return [...this.groups].map(([id, to]) => ({ id, to }));
  }

  isServicePortUsed(port: number): boolean {
    return this.ports.has(port) || this.root.isServicePortUsed(port);
  }

  /** The ids of all apps in a group, with everything below it. */
  *membersOf(groupId: string): Generator<string> {
    const prefix = groupId === '/' ? '/' : `${groupId}/`;
    for (const [id, app] of this.laid) if (app !== undefined && id.startsWith(prefix)) yield id;
    for (const { id } of this.root.specs(groupId)) if (!this.laid.has(id)) yield id;
  }

  /** What an app depends on: by itself, and as a member of the groups above it. */
  *dependenciesOf(appId: string): Generator<string> {
    yield* this.app(appId)?.dependencies ?? [];
    for (const groupId of ancestorIds(appId)) yield* this.group(groupId)?.dependencies ?? [];
  }

  /** What an app depended on before anything was laid over the root; nothing, if it was not there. */
  *dependenciesBefore(appId: string): Generator<string> {
    const app = this.root.spec(appId);
    if (app === undefined) return;
    yield* app.dependencies ?? [];
    for (const groupId of ancestorIds(appId)) yield* this.root.group(groupId)?.dependencies ?? [];
  }

  /** Where dependencies lead from an id: an app's dependencies, a group's members. */
  next(id: string): Iterable<string> {
    return this.app(id) === undefined ? this.membersOf(id) : this.dependenciesOf(id);
  }
}
