/** Commands that create, update and delete groups with everything in them. Marathon reference, 3.1. */
import type { AppDefinition, Violation } from '@stadion/contract/orchestrator';
import type { GroupInput } from '@stadion/contract/orchestrator-groups';
import type { Outcome, RootView } from '../../engine.ts';
import { appIdErrors, resolveId } from '../app/app-id.ts';
import { stampVersion } from '../app/app-version.ts';
import { violation } from '../app/checked.ts';
import { INSTANCES_MAX, VIOLATIONS_MAX } from '../app/limits.ts';
import { specOf } from '../app/spec.ts';
import { validateApp } from '../app/validate.ts';
import { residencyViolations } from '../app/validate-volumes.ts';
import { podOf } from '../pod/run-spec.ts';
import { parseTimestamp } from '../app/timestamp.ts';
import {
  badTimestamp,
  changed,
  noSuchGroup,
  notValid,
  rejected,
  type AppChange,
  type Change,
  type ChangeContext,
} from './change.ts';
import { PLAIN_GROUP } from './group.ts';
import { GroupLayout, isTop } from './group-layout.ts';
import { ProspectiveRoot } from './prospective-root.ts';
import { circularDependencies, groupClashes } from './root-rules.ts';
import { layApps } from './write-apps.ts';

/** The group that a body is about: its own `id`, seen from the group in the path. */
export function targetOf(update: Pick<GroupInput, 'id'>, pathId: string): string {
  return update.id === undefined ? pathId : resolveId(update.id, pathId);
}

/** Creates a group; `exists` when its id is taken. */
export function createGroup(id: string, update: GroupInput, context: ChangeContext): Change {
  return (root, version) => {
    if (root.isGroup(id)) {
      return rejected({ kind: 'exists', message: `Group ${id} is already created. Use PUT to change this group.` });
    }
    if (root.spec(id) !== undefined) {
      const kind = root.app(id) === undefined ? 'A pod' : 'An app';
      return rejected({ kind: 'exists', message: `${kind} with the path ${id} already exists.` });
    }
    return updateGroup(id, update, context)(root, version);
  };
}

/** Makes a group what the update says; creates it when it does not exist. */
export function updateGroup(id: string, update: GroupInput, context: ChangeContext): Change {
  return (root, version) => {
    const lonely = notAlone(update);
    if (lonely !== undefined) return notValid([lonely]);
    if (update.scaleBy !== undefined) return scaleGroup(id, update.scaleBy, context, root, version);
    if (update.version !== undefined) return restoreGroup(id, update.version, root, version);
    const errors = id === '/' ? [] : appIdErrors(id);
    if (errors.length > 0) return notValid([violation('/id', ...errors)]);
    const layout = new GroupLayout(root);
    const clashes = groupClashes(id, layout.prospective);
    if (clashes.length > 0) return notValid(clashes);
    layout.lay(id, update, '');
    if (layout.violations.length > 0) return notValid(layout.violations.slice(0, VIOLATIONS_MAX));
    const { prospective, writes, removals } = layout;
    const laid = layApps(writes, { isPartial: false, missing: 'create' }, context, { root, version, prospective });
    if (!laid.ok) return laid;
    const wrong = layout.dependencyViolations();
    if (wrong.length > 0) return notValid(wrong.slice(0, VIOLATIONS_MAX));
    return { ok: true, value: { ...laid.value, removals } };
  };
}

/** Stops and forgets everything in a group, and the group. Of the root only what is in it. */
export function deleteGroup(id: string): Change {
  return (root) => {
    if (!root.isGroup(id)) return noSuchGroup(id);
    const gone = id === '/' ? [...root.groups()] : [id, ...root.groups(id)];
    return changed([], {
      removals: [...root.specs(id)].map((spec) => spec.id),
      groups: gone.map((groupId) => ({ id: groupId, to: undefined })),
    });
  };
}

/** Whether apps in a group must have its name as their role. */
export function setEnforceRole(id: string, enforceRole: boolean): Change {
  return (root) => {
    const group = root.group(id);
    if (group === undefined) return noSuchGroup(id);
    if (!isTop(id)) {
      return notValid([violation('/enforceRole', 'is only possible for a group directly below the root')]);
    }
    return changed([], { groups: [{ id, to: { dependencies: group.dependencies, enforceRole } }] });
  };
}

/** `scaleBy` and `version` say all there is to say. */
function notAlone(update: GroupInput): Violation | undefined {
  const { id: _id, ...members } = update;
  const alone = update.scaleBy !== undefined ? 'scaleBy' : update.version !== undefined ? 'version' : undefined;
  if (alone === undefined || Object.keys(members).length === 1) return undefined;
  return violation(`/${alone}`, `must be the only member beside the id`);
}

function scaleGroup(
  id: string,
  factor: number,
  { defaults }: ChangeContext,
  root: RootView,
  version: string,
): Outcome<AppChange> {
  if (!root.isGroup(id)) return noSuchGroup(id);
  const upserts: AppDefinition[] = [];
  for (const app of root.apps(id)) {
    const instances = Math.ceil(app.instances * factor);
    if (instances > INSTANCES_MAX) {
      const message = `makes ${String(instances)} instances of ${app.id}, the limit is ${String(INSTANCES_MAX)}`;
      return notValid([violation('/scaleBy', message)]);
    }
    const scaled = stampVersion({ ...specOf(app), instances }, app, version);
    if (scaled === app) continue;
    // Some apps may have one instance only.
    const wrong = validateApp(specOf(scaled), app, defaults).find(({ path }) => path === '/instances');
    if (wrong !== undefined) return notValid([violation('/scaleBy', `of ${app.id}: ${wrong.errors.join(', ')}`)]);
    upserts.push(scaled);
  }
  return changed(upserts);
}

/** Makes a group and everything in it what it was at a version of the root. */
function restoreGroup(id: string, text: string, root: RootView, version: string): Outcome<AppChange> {
  const then = parseTimestamp(text);
  if (then === undefined) return badTimestamp(text);
  const past = root.rootAt(then);
  if (past?.group(id) === undefined) {
    return rejected({ kind: 'invalid', message: `Group ${id} not available in version ${then}` });
  }
  const prospective = new ProspectiveRoot(root);
  const removals = [...root.specs(id)].flatMap((spec) => (past.spec(spec.id) === undefined ? [spec.id] : []));
  for (const removal of removals) prospective.removeApp(removal);
  for (const groupId of root.groups(id)) prospective.removeGroup(groupId);
  const violations: Violation[] = [...groupClashes(id, prospective)];
  for (const groupId of [...(id === '/' ? [] : [id]), ...past.groups(id)]) {
    prospective.setGroup(groupId, past.group(groupId) ?? PLAIN_GROUP);
  }
  const upserts: AppDefinition[] = [];
  for (const spec of past.specs(id)) {
    const current = root.spec(spec.id);
    const restored = stampVersion(specOf(spec), current, version);
    prospective.lay(restored);
    if (restored === current) continue;
    upserts.push(restored);
    if (current === undefined) continue;
    violations.push(...residencyViolations(restored, current).map((each) => of(spec.id, each)));
    const isSameKind = (podOf(current) === undefined) === (podOf(restored) === undefined);
    if (isSameKind) continue;
    violations.push(violation('/version', `${spec.id} was a pod and is an app, or the other way round`));
  }
  const changedIds = [id, ...upserts.map((spec) => spec.id)];
  violations.push(...circularDependencies(changedIds, prospective));
  if (violations.length > 0) return notValid(violations.slice(0, VIOLATIONS_MAX));
  return changed(upserts, { removals, groups: prospective.groupEdits() });
}

function of(id: string, { errors }: Violation): Violation {
  return violation('/version', ...errors.map((error) => `${id}: ${error}`));
}
