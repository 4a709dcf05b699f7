/** Reads `key=value` changes of an app, as `stadion app update` takes them. */
import { AppInput, type AppInfo } from '@stadion/contract/orchestrator';
import type { TSchema } from '@sinclair/typebox';
import { didYouMean } from './suggestions.ts';

/** The changed members of an app, whole, or what is wrong with the first change that cannot be read. */
export type AppChanges =
  { readonly ok: true; readonly update: AppInput } | { readonly ok: false; readonly problem: string };

/** Whether an argument is a change and no file. */
export function isChange(argument: string): boolean {
  return /^[A-Za-z]\w*(\.[^=]+)?=/.test(argument) || /^[A-Za-z]\w*\.[^=]+-$/.test(argument);
}

/**
 * Turns changes into the members to send: a member is replaced as a whole, so `env.COLOR=red` becomes all of `env`.
 * Forms: `instances=3`, `env.COLOR=red`, `labels.team-` (removes), `upgradeStrategy.minimumHealthCapacity=0.5`,
 * `constraints='[["hostname","UNIQUE"]]'`. Values are read as the member's type wants them, else as JSON, else as text.
 * @param app the app as it is now, for the members around a changed one
 */
export function readChanges(app: AppInfo, changes: readonly string[]): AppChanges {
  const update: Record<string, unknown> = {};
  const properties: Readonly<Record<string, TSchema>> = AppInput.properties;
  for (const change of changes) {
    const equals = change.indexOf('=');
    const isRemoval = equals < 0;
    const path = isRemoval ? change.slice(0, -1) : change.slice(0, equals);
    const value = change.slice(equals + 1);
    const dot = path.indexOf('.');
    const member = dot < 0 ? path : path.slice(0, dot);
    const schema = properties[member];
    if (schema === undefined || member === 'id' || member === 'version') {
      const hint = didYouMean(member, Object.keys(properties));
      return { ok: false, problem: `An app has no member '${member}' that can be changed. ${hint}`.trim() };
    }
    if (dot < 0) {
      const read = readValue(schema, value);
      if (read === undefined) return { ok: false, problem: `'${member}' must be ${kindOf(schema)}, not '${value}'.` };
      update[member] = read;
      continue;
    }
    const before: unknown = update[member] ?? app[member as keyof AppInfo] ?? {};
    if (typeof before !== 'object' || before === null || Array.isArray(before)) {
      return { ok: false, problem: `'${member}' has no parts. Write ${member}=VALUE.` };
    }
    const key = path.slice(dot + 1);
    const part = partSchema(schema, key);
    const read = isRemoval ? undefined : readValue(part, value);
    if (read === undefined && !isRemoval) {
      return { ok: false, problem: `'${path}' must be ${kindOf(part)}, not '${value}'.` };
    }
    const others = Object.entries(before).filter(([name]) => name !== key);
    update[member] = Object.fromEntries(isRemoval ? others : [...others, [key, read]]);
  }
  return { ok: true, update };
}

/** What is known of an app and is no part of its definition: it stays out of an update. */
const DERIVED_MEMBERS = new Set([
  'version',
  'versionInfo',
  'tasks',
  'tasksStaged',
  'tasksRunning',
  'tasksHealthy',
  'tasksUnhealthy',
  'deployments',
  'readinessCheckResults',
  'lastTaskFailure',
  'taskStats',
]);

/** A definition from a file, which may be what `stadion app show -o json` printed, without what is not part of it. */
export function definitionOf(document: object): AppInput {
  const inner =
    'app' in document && typeof document.app === 'object' && document.app !== null ? document.app : document;
  return Object.fromEntries(Object.entries(inner).filter(([name]) => !DERIVED_MEMBERS.has(name)));
}

function partSchema(schema: TSchema, key: string): TSchema | undefined {
  const alternatives = (schema.anyOf ?? [schema]) as TSchema[];
  for (const alternative of alternatives) {
    const properties = alternative.properties as Record<string, TSchema> | undefined;
    const patterns = alternative.patternProperties as Record<string, TSchema> | undefined;
    const part = properties?.[key] ?? Object.values(patterns ?? {})[0];
    if (part !== undefined) return part;
  }
  return undefined;
}

function readValue(schema: TSchema | undefined, text: string): unknown {
  if (isTextOrObject(schema)) return text.startsWith('{') ? (parseJson(text) ?? text) : text;
  switch (schema === undefined ? 'unknown' : kindOf(schema)) {
    case 'a text':
      return text;
    case 'a number':
    case 'a whole number': {
      const value = Number(text);
      return text.trim() === '' || Number.isNaN(value) ? undefined : value;
    }
    case 'true or false':
      return text === 'true' ? true : text === 'false' ? false : undefined;
    case 'JSON':
      return parseJson(text);
    default:
      return parseJson(text) ?? text;
  }
}

/** An environment value is a text, even if it reads like a number, or an object that names a secret. */
function isTextOrObject(schema: TSchema | undefined): boolean {
  const alternatives = schema?.anyOf as TSchema[] | undefined;
  return alternatives?.some((alternative) => alternative.type === 'string' && alternative.const === undefined) ?? false;
}

/** What a member's value must be, for people. */
function kindOf(
  schema: TSchema | undefined,
): 'a text' | 'a number' | 'a whole number' | 'true or false' | 'JSON' | 'a value' {
  switch (schema?.type) {
    case 'string':
      return 'a text';
    case 'number':
      return 'a number';
    case 'integer':
      return 'a whole number';
    case 'boolean':
      return 'true or false';
    case 'object':
    case 'array':
      return 'JSON';
    default:
      return 'a value';
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
