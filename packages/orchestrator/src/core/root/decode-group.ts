/** Decides whether a JSON body has the shape of a group, and says what is wrong in Marathon's words when it has not. */
import type { AppInput, Violation } from '@stadion/contract/orchestrator';
import type { GroupInput } from '@stadion/contract/orchestrator-groups';
import { compact, violation } from '../app/checked.ts';
import { decodeApp } from '../app/decode.ts';
import type { Json } from '../app/json.ts';
import { IGNORED_FIELDS_MAX, VIOLATIONS_MAX } from '../app/limits.ts';

/** The group with the members that nobody knows, or what is wrong with its shape. */
export type DecodedGroup =
  | { readonly ok: true; readonly value: GroupInput; readonly ignored: readonly string[] }
  | { readonly ok: false; readonly violations: readonly Violation[] };

type JsonObject = Readonly<Record<string, Json>>;

const KNOWN = new Set([
  'id',
  'apps',
  'groups',
  'dependencies',
  'scaleBy',
  'version',
  'enforceRole',
  'pods',
  'versionInfo',
]);

/** Checks the shape only, not the meaning. */
export function decodeGroup(body: JsonObject): DecodedGroup {
  const decoding: Decoding = { violations: [], ignored: [] };
  const value = group(body, '', decoding);
  const { violations, ignored } = decoding;
  if (violations.length > 0) return { ok: false, violations: violations.slice(0, VIOLATIONS_MAX) };
  return { ok: true, value, ignored: ignored.slice(0, IGNORED_FIELDS_MAX) };
}

interface Decoding {
  readonly violations: Violation[];
  readonly ignored: string[];
}

function group(body: Json, at: string, decoding: Decoding): GroupInput {
  if (!isObject(body)) {
    decoding.violations.push(violation(at === '' ? '/' : at, 'error.expected.jsobject'));
    return {};
  }
  for (const key of Object.keys(body)) if (!KNOWN.has(key)) decoding.ignored.push(`${at}/${key}`);
  const { violations } = decoding;
  const member = <Value extends Json>(name: string, is: (value: Json) => value is Value, expected: string) => {
    const value = body[name];
    if (value === undefined) return undefined;
    if (is(value)) return value;
    violations.push(violation(`${at}/${name}`, expected));
    return undefined;
  };
  const scaleBy = member('scaleBy', isNumber, 'error.expected.jsnumber');
  if (scaleBy !== undefined && scaleBy < 0) {
    violations.push(violation(`${at}/scaleBy`, 'error.min', 'must be at least 0'));
  }
  const dependencies = member('dependencies', isList, 'error.expected.jsarray');
  for (const [index, dependency] of (dependencies ?? []).entries()) {
    if (isText(dependency)) continue;
    violations.push(violation(`${at}/dependencies(${String(index)})`, 'error.expected.jsstring'));
  }
  const apps = member('apps', isList, 'error.expected.jsarray')?.flatMap((item, index): AppInput[] => {
    const decoded = decodeApp(item, `${at}/apps(${String(index)})`);
    if (decoded.ok) decoding.ignored.push(...decoded.ignored);
    else violations.push(...decoded.violations);
    return decoded.ok ? [decoded.value] : [];
  });
  const groups = member('groups', isList, 'error.expected.jsarray')?.map((item, index) =>
    group(item, `${at}/groups(${String(index)})`, decoding),
  );
  return compact({
    id: member('id', isText, 'error.expected.jsstring'),
    apps,
    groups,
    dependencies: dependencies?.filter(isText),
    scaleBy,
    version: member('version', isText, 'error.expected.jsstring'),
    enforceRole: member('enforceRole', isBoolean, 'error.expected.jsboolean'),
  });
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function isText(value: Json): value is string {
  return typeof value === 'string';
}

function isNumber(value: Json): value is number {
  // What is too large for a number comes as Infinity.
  return typeof value === 'number' && Number.isFinite(value);
}

function isBoolean(value: Json): value is boolean {
  return typeof value === 'boolean';
}
