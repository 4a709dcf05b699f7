/** What a change of the root makes of dependencies, for those who write changes without the commands of the API. */
import type { RootChange, RootView } from '../../engine.ts';
import { ProspectiveRoot } from './prospective-root.ts';
import { circularDependencies } from './root-rules.ts';

/** Whether something would come to depend on itself, as every command of the API refuses it. */
export function closesCircle(root: RootView, { upserts, removals, groups = [] }: RootChange): boolean {
  const prospective = new ProspectiveRoot(root);
  for (const id of removals) prospective.removeApp(id);
  for (const { id, to } of groups) {
    if (to === undefined) prospective.removeGroup(id);
    else prospective.setGroup(id, to);
  }
  for (const app of upserts) prospective.lay(app);
  const changed = [...groups, ...upserts].map(({ id }) => id);
  return circularDependencies(changed, prospective).length > 0;
}
