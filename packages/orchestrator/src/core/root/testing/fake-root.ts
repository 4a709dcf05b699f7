/** A root group in memory for tests: changes are applied at once. */
import type { AppDefinition } from '@stadion/contract/orchestrator';
import type { Outcome, RootChange, RootView } from '../../../engine.ts';
import { ancestorIds } from '../../app/app-id.ts';
import { servicePortsOf } from '../../app/service-ports.ts';
import { formatTimestamp } from '../../app/timestamp.ts';
import type { AppChange, Change } from '../change.ts';

/** The first change has this version; each further one is a second later. */
const START = Date.UTC(2026, 0, 1);

/** A root group that a test can change and look into. */
export class FakeRoot implements RootView {
  private readonly appsById = new Map<string, AppDefinition>();
  private readonly history = new Map<string, AppDefinition[]>();
  private changes = 0;

  get version(): string {
    return formatTimestamp(START + this.changes * 1000);
  }

  app(id: string): AppDefinition | undefined {
    return this.appsById.get(id);
  }

  apps(groupId = '/'): readonly AppDefinition[] {
    const all = [...this.appsById.values()].filter(({ id }) => groupId === '/' || id.startsWith(`${groupId}/`));
    return all.sort((left, right) => (left.id < right.id ? -1 : 1));
  }

  isGroup(id: string): boolean {
    return id === '/' || [...this.appsById.keys()].some((appId) => ancestorIds(appId).includes(id));
  }

  groupVersion(): string {
    return this.version;
  }

  appVersions(id: string): readonly string[] {
    return (this.history.get(id) ?? []).map(({ version }) => version).reverse();
  }

  appAtVersion(id: string, version: string): AppDefinition | undefined {
    return this.history.get(id)?.find((app) => app.version === version);
  }

  isServicePortUsed(port: number): boolean {
    return [...this.appsById.values()].some((app) => servicePortsOf(app).includes(port));
  }

  /** The version that the next change will have. */
  get nextVersion(): string {
    return formatTimestamp(START + (this.changes + 1) * 1000);
  }

  /** Carries out a command, and applies what it comes to. */
  run(change: Change): Outcome<AppChange> {
    const outcome = change(this, this.nextVersion);
    if (outcome.ok) this.apply(outcome.value);
    return outcome;
  }

  /** Applies a change. */
  apply({ upserts, removals }: RootChange): void {
    this.changes += 1;
    for (const app of upserts) {
      this.appsById.set(app.id, app);
      this.history.set(app.id, [...(this.history.get(app.id) ?? []), app]);
    }
    for (const id of removals) this.appsById.delete(id);
  }
}
