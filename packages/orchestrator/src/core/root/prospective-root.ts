/** The root group as it would be after part of a change: what rules that concern several apps look at. */
import type { AppDefinition } from '@stadion/contract/orchestrator';
import type { RootView } from '../../engine.ts';
import { servicePortsOf } from '../app/service-ports.ts';
import type { AppSpec } from '../app/spec.ts';
import { ancestorIds } from '../app/app-id.ts';

/** A root with some apps laid over it. */
export class ProspectiveRoot {
  private readonly root: RootView;
  private readonly laid = new Map<string, AppSpec>();
  private readonly groups = new Set<string>();
  private readonly ports = new Set<number>();

  constructor(root: RootView) {
    this.root = root;
  }

  /** The app as it is now, without what was laid over. */
  current(id: string): AppDefinition | undefined {
    return this.root.app(id);
  }

  /** Lays an app over the root. */
  lay(app: AppSpec): void {
    this.laid.set(app.id, app);
    for (const group of ancestorIds(app.id)) this.groups.add(group);
    for (const port of servicePortsOf(app)) this.ports.add(port);
  }

  app(id: string): AppSpec | undefined {
    return this.laid.get(id) ?? this.root.app(id);
  }

  isGroup(id: string): boolean {
    return this.groups.has(id) || this.root.isGroup(id);
  }

  isServicePortUsed(port: number): boolean {
    return this.ports.has(port) || this.root.isServicePortUsed(port);
  }

  /** The apps that are meant by an id: the app, or all in the group. */
  *meantBy(id: string): Generator<AppSpec> {
    const app = this.app(id);
    if (app !== undefined) {
      yield app;
      return;
    }
    if (!this.isGroup(id)) return;
    const prefix = id === '/' ? '/' : `${id}/`;
    for (const laid of this.laid.values()) if (laid.id.startsWith(prefix)) yield laid;
    for (const existing of this.root.apps(id)) if (!this.laid.has(existing.id)) yield existing;
  }
}
