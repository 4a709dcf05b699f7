/** Commands that create and update apps. */
import { SeededRandom } from '@stadion/base';
import { AppInput, type AppDefinition, type Violation } from '@stadion/contract/orchestrator';
import type { Outcome, RootView } from '../../engine.ts';
import { ancestorIds, appIdErrors, resolveId } from '../app/app-id.ts';
import { stampVersion } from '../app/app-version.ts';
import { violation } from '../app/checked.ts';
import { normalizeApp } from '../app/normalize.ts';
import { parseTimestamp } from '../app/timestamp.ts';
import { assignServicePorts, servicePortsOf } from '../app/service-ports.ts';
import { VIOLATIONS_MAX } from '../app/limits.ts';
import { specOf, type AppDefaults, type AppSpec } from '../app/spec.ts';
import { validateApp } from '../app/validate.ts';
import { residencyViolations } from '../app/validate-volumes.ts';
import {
  badTimestamp,
  changed,
  noSuchApp,
  notValid,
  rejected,
  type AppChange,
  type Change,
  type ChangeContext,
} from './change.ts';
import { ProspectiveRoot } from './prospective-root.ts';
import {
  circularDependencies,
  externalVolumeClashes,
  idClashes,
  reservedRoleViolations,
  unknownDependencies,
} from './root-rules.ts';

const KNOWN_MEMBERS = new Set(Object.keys(AppInput.properties));

/** One app to be written. */
export interface AppWrite {
  readonly id: string;
  readonly input: AppInput;
  /** Where it stands in the body, e.g. `/(3)`; empty when it is the body. */
  readonly at: string;
}

/** How apps are written. */
export interface WriteMode {
  /** Members that are absent keep their value; otherwise they get their default. */
  readonly isPartial: boolean;
  /** What an app that does not exist means. */
  readonly missing: 'create' | 'reject';
}

/** Creates an app; `exists` when its id is taken. */
export function createApp(input: AppInput, context: ChangeContext): Change {
  return (root, version) => {
    if (input.id === undefined) return notValid([violation('/id', 'error.path.missing')]);
    const errors = appIdErrors(input.id);
    if (errors.length > 0) return notValid([violation('/id', ...errors)]);
    const id = resolveId(input.id);
    if (root.app(id) !== undefined) {
      return rejected({ kind: 'exists', message: `An app with id [${id}] already exists.` });
    }
    return writeApps([{ id, input, at: '' }], { isPartial: false, missing: 'create' }, context)(root, version);
  };
}

/**
 * Creates or updates apps, all or none. An update that consists of a `version` rolls the app back to it.
 * Apps that do not change are left out of the result.
 */
export function writeApps(writes: readonly AppWrite[], mode: WriteMode, context: ChangeContext): Change {
  return (root, version) => layApps(writes, mode, context, { root, version, prospective: new ProspectiveRoot(root) });
}

/** The root that a command finds, and what it has laid over it so far. */
export interface Groundwork {
  readonly root: RootView;
  /** The version that the change will have. */
  readonly version: string;
  readonly prospective: ProspectiveRoot;
}

/** Lays apps over a root that other parts of the same command have changed already. */
export function layApps(
  writes: readonly AppWrite[],
  mode: WriteMode,
  context: ChangeContext,
  { root, version, prospective }: Groundwork,
): Outcome<AppChange> {
  const wanted: { readonly write: AppWrite; readonly asked: AppSpec }[] = [];
  const refused: Violation[] = [];
  for (const write of writes) {
    const own = { ...context, defaults: defaultsOf(write.id, context.defaults, prospective) };
    const asked = askedFor(write, root, mode, own);
    if (asked.ok) wanted.push({ write, asked: asked.value });
    else if (asked.rejection.kind !== 'invalid' || asked.rejection.violations === undefined) return asked;
    else refused.push(...asked.rejection.violations);
    if (refused.length >= VIOLATIONS_MAX) break;
  }
  if (refused.length > 0) return notValid(refused.slice(0, VIOLATIONS_MAX));
  const random = new SeededRandom(context.seed);
  const upserts: AppDefinition[] = [];
  const created: string[] = [];
  const violations: Violation[] = [];
  for (const { write, asked } of wanted) {
    const previous = root.app(asked.id);
    const isUsed = (port: number): boolean => prospective.isServicePortUsed(port);
    const previousPorts = previous === undefined ? [] : servicePortsOf(specOf(previous));
    const numbered = assignServicePorts(asked, previousPorts, context.servicePorts, isUsed, random);
    if (!numbered.ok) {
      violations.push(...placed(numbered.violations, write.at));
      continue;
    }
    if (root.spec(asked.id) !== previous) {
      return rejected({ kind: 'exists', message: `A pod with id [${asked.id}] already exists.` });
    }
    if (previous === undefined) {
      created.push(asked.id);
      violations.push(...placed(idClashes(asked, prospective), write.at));
      replaceEmptyGroup(asked.id, root, prospective);
    }
    prospective.lay(numbered.value);
    const stamped = stampVersion(numbered.value, previous, version);
    if (stamped !== previous) upserts.push(stamped);
  }
  // Only now, since apps of one command may depend on each other.
  for (const { write, asked } of wanted) {
    const accepted = root.app(asked.id)?.dependencies;
    violations.push(...placed(unknownDependencies(asked.dependencies, accepted, prospective), write.at));
  }
  const [only] = wanted;
  const at = wanted.length === 1 && only !== undefined ? only.write.at : '';
  const specs = wanted.map(({ asked }) => asked);
  const ids = specs.map(({ id }) => id);
  violations.push(...placed(circularDependencies(ids, prospective), at));
  violations.push(...placed(externalVolumeClashes(specs, prospective), at));
  if (violations.length > 0) return notValid(violations.slice(0, VIOLATIONS_MAX));
  return changed(upserts, {
    created,
    asked: specs,
    groups: prospective.groupEdits(),
  });
}

/** An app or a pod takes the place of a group in which there is nothing. */
export function replaceEmptyGroup(id: string, root: RootView, prospective: ProspectiveRoot): void {
  if (!prospective.isGroup(id)) return;
  prospective.removeGroup(id);
  for (const inner of root.groups(id)) prospective.removeGroup(inner);
}

/** A group may demand that its apps have its name as their role. */
function defaultsOf(appId: string, defaults: AppDefaults, prospective: ProspectiveRoot): AppDefaults {
  const top = ancestorIds(appId).at(-1);
  if (top === undefined || prospective.group(top)?.enforceRole !== true) return defaults;
  return { ...defaults, role: top.slice(1) };
}

/** The app that a write asks for, normalised and sound by itself. */
function askedFor(write: AppWrite, root: RootView, mode: WriteMode, context: ChangeContext): Outcome<AppSpec> {
  const { id, input, at } = write;
  const current = root.app(id);
  if (current === undefined && mode.missing === 'reject') return noSuchApp(id);
  const errors = current === undefined ? appIdErrors(id) : [];
  if (errors.length > 0) return notValid([violation(`${at}/id`, ...errors)]);
  const previous = mode.isPartial ? current : undefined;
  if (previous !== undefined && input.version !== undefined) return rollBack(input, input.version, previous, root, at);
  const normal = normalizeApp(input, id, previous, context.defaults);
  if (!normal.ok) return notValid(placed(normal.violations, at));
  const violations = [
    ...validateApp(normal.value, current, context.defaults),
    ...reservedRoleViolations(normal.value, current, context),
  ];
  return violations.length > 0 ? notValid(placed(violations, at)) : { ok: true, value: normal.value };
}

function rollBack(input: AppInput, text: string, current: AppDefinition, root: RootView, at: string): Outcome<AppSpec> {
  const isAlone = Object.keys(input).every((key) => key === 'version' || key === 'id' || !KNOWN_MEMBERS.has(key));
  if (!isAlone) {
    return notValid([violation(`${at}/version`, "The 'version' field may only be combined with the 'id' field.")]);
  }
  const version = parseTimestamp(text);
  if (version === undefined) return badTimestamp(text);
  const old = root.appAtVersion(current.id, version);
  if (old === undefined) return noSuchApp(current.id, version);
  const value = specOf(old);
  const violations = residencyViolations(value, current);
  return violations.length > 0 ? notValid(placed(violations, at)) : { ok: true, value };
}

function placed(violations: readonly Violation[], at: string): readonly Violation[] {
  if (at === '') return violations;
  return violations.map(({ path, errors }) => ({ path: path === '/' ? at : `${at}${path}`, errors }));
}
