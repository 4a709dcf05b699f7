/** Commands on pods: create, replace, delete. */
import type { PodInput } from '@stadion/contract/orchestrator-pods';
import { stampVersion } from '../app/app-version.ts';
import { appIdErrors, resolveId } from '../app/app-id.ts';
import { violation } from '../app/checked.ts';
import { normalizePod } from '../pod/normalize-pod.ts';
import { podOf } from '../pod/run-spec.ts';
import { validatePod } from '../pod/validate-pod.ts';
import { changed, notValid, rejected, type Change, type ChangeContext } from './change.ts';
import { ProspectiveRoot } from './prospective-root.ts';
import { circularDependencies, idClashes, reservedRoleViolations } from './root-rules.ts';
import { replaceEmptyGroup } from './write-apps.ts';

/** 404: there is no such pod, or no such version of it. */
export function noSuchPod(id: string, version?: string): ReturnType<typeof rejected> {
  const where = version === undefined ? '' : ` in version ${version}`;
  return rejected({ kind: 'not-found', message: `Pod '${id}' does not exist${where}` });
}

/** Creates a pod; `exists` when its id is taken. */
export function createPod(input: PodInput, context: ChangeContext): Change {
  return (root, version) => {
    const id = resolveId(input.id);
    if (root.spec(id) !== undefined) {
      const kind = root.app(id) === undefined ? 'pod' : 'app';
      return rejected({
        kind: 'exists',
        message: `A${kind === 'app' ? 'n' : ''} ${kind} with id [${id}] already exists.`,
      });
    }
    return writePod(id, input, context)(root, version);
  };
}

/** Creates a pod or replaces it whole: what is not said gets its default. */
export function writePod(id: string, input: PodInput, context: ChangeContext): Change {
  return (root, version) => {
    const current = root.spec(id);
    if (current !== undefined && podOf(current) === undefined) {
      return rejected({ kind: 'exists', message: `An app with id [${id}] already exists.` });
    }
    const errors = current === undefined ? appIdErrors(id) : [];
    if (errors.length > 0) return notValid([violation('/id', ...errors)]);
    const normal = normalizePod(input, id, context.defaults);
    if (!normal.ok) return notValid(normal.violations);
    const prospective = new ProspectiveRoot(root);
    const clashes = current === undefined ? idClashes(normal.value, prospective) : [];
    const violations = [
      ...validatePod(normal.value, current, context.defaults),
      ...reservedRoleViolations(normal.value, current, context),
      ...clashes,
    ];
    if (violations.length > 0) return notValid(violations);
    if (current === undefined) replaceEmptyGroup(id, root, prospective);
    prospective.lay(normal.value);
    // By itself a pod depends on nothing, but the groups that it is in may.
    const circles = circularDependencies([id], prospective);
    if (circles.length > 0) return notValid(circles);
    const stamped = stampVersion(normal.value, current, version);
    return changed(stamped === current ? [] : [stamped], {
      created: current === undefined ? [id] : [],
      groups: prospective.groupEdits(),
    });
  };
}

/** Stops and forgets a pod. */
export function deletePod(id: string): Change {
  return (root) => {
    const current = root.spec(id);
    return current === undefined || podOf(current) === undefined ? noSuchPod(id) : changed([], { removals: [id] });
  };
}
