/** Commands that create and update apps. */
import { SeededRandom } from '@stadion/base';
import { AppInput, type AppDefinition, type Violation } from '@stadion/contract/orchestrator';
import type { Outcome, RootView } from '../../engine.ts';
import { appIdErrors, resolveId } from '../app/app-id.ts';
import { stampVersion } from '../app/app-version.ts';
import { violation } from '../app/checked.ts';
import { normalizeApp } from '../app/normalize.ts';
import { parseTimestamp } from '../app/timestamp.ts';
import { assignServicePorts, servicePortsOf } from '../app/service-ports.ts';
import { specOf, type AppSpec } from '../app/spec.ts';
import { validateApp } from '../app/validate.ts';
import { badTimestamp, changed, noSuchApp, notValid, rejected, type Change, type ChangeContext } from './change.ts';
import { ProspectiveRoot } from './prospective-root.ts';
import { dependencyViolations, idClashes } from './root-rules.ts';

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
  return (root, version) => {
    const wanted: { readonly write: AppWrite; readonly asked: AppSpec }[] = [];
    const prospective = new ProspectiveRoot(root);
    for (const write of writes) {
      const asked = askedFor(write, root, mode, context);
      if (!asked.ok) return asked;
      wanted.push({ write, asked: asked.value });
    }
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
      if (previous === undefined) {
        created.push(asked.id);
        violations.push(...placed(idClashes(asked, prospective), write.at));
      }
      prospective.lay(numbered.value);
      const stamped = stampVersion(numbered.value, previous, version);
      if (stamped !== previous) upserts.push(stamped);
    }
    // Only now, since apps of one command may depend on each other.
    for (const { write, asked } of wanted) {
      violations.push(...placed(dependencyViolations(asked, root.app(asked.id), prospective), write.at));
    }
    if (violations.length > 0) return notValid(violations);
    return changed(upserts, { created, asked: wanted.map(({ asked }) => asked) });
  };
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
  const violations = validateApp(normal.value, current, context.defaults);
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
  return old === undefined ? noSuchApp(current.id, version) : { ok: true, value: specOf(old) };
}

function placed(violations: readonly Violation[], at: string): readonly Violation[] {
  if (at === '') return violations;
  return violations.map(({ path, errors }) => ({ path: path === '/' ? at : `${at}${path}`, errors }));
}
