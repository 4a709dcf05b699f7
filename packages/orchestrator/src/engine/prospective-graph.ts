/** Who will depend on whom once a change of the root is made. */
import type { AppDefinition } from '@stadion/contract/orchestrator';
import { ancestorIds } from '../core/app/app-id.ts';
import type { DependencyGraph } from '../core/deployment/dependency-depths.ts';
import type { RootChange, RootView } from '../engine.ts';

/** The dependencies of a root with a change laid over it. */
export function prospectiveGraph(root: RootView, change: RootChange): DependencyGraph {
  const apps = new Map<string, AppDefinition | undefined>();
  for (const app of change.upserts) apps.set(app.id, app);
  for (const id of change.removals) apps.set(id, undefined);
  const groups = new Map((change.groups ?? []).map(({ id, to }) => [id, to]));
  const appAt = (id: string): AppDefinition | undefined => (apps.has(id) ? apps.get(id) : root.spec(id));

  function* dependenciesOf(appId: string): Generator<string> {
    yield* appAt(appId)?.dependencies ?? [];
    for (const id of ancestorIds(appId)) {
      const group = groups.has(id) ? groups.get(id) : root.group(id);
      yield* group?.dependencies ?? [];
    }
  }

  function* membersOf(groupId: string): Generator<string> {
    const prefix = groupId === '/' ? '/' : `${groupId}/`;
    for (const [id, app] of apps) if (app !== undefined && id.startsWith(prefix)) yield id;
    for (const { id } of root.specs(groupId)) if (!apps.has(id)) yield id;
  }

  return {
    dependenciesOf,
    membersOf: (id) => (appAt(id) === undefined ? membersOf(id) : undefined),
  };
}
