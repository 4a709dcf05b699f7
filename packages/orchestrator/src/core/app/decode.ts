/** Decides whether a JSON body has the shape of an app, and says what is wrong in Marathon's words when it has not. */
import { Kind, type Static, type TSchema } from '@sinclair/typebox';
import { TypeCompiler, ValueErrorType, type TypeCheck, type ValueError } from '@sinclair/typebox/compiler';
import { AppInput, type Violation } from '@stadion/contract/orchestrator';
import { violation } from './checked.ts';
import type { Json } from './json.ts';
import { IGNORED_FIELDS_MAX, INTEGER_MAX, VIOLATIONS_MAX } from './limits.ts';

/** An app as sent, with the members nobody knows (`/conatiner`), or what is wrong with its shape. */
export type DecodedApp =
  | { readonly ok: true; readonly value: AppInput; readonly ignored: readonly string[] }
  | { readonly ok: false; readonly violations: readonly Violation[] };

/** A shape with its checker. */
export interface Shape<Schema extends TSchema> {
  readonly schema: Schema;
  readonly checker: TypeCheck<Schema>;
}

/** Makes a shape of a schema, once. */
export function shapeOf<Schema extends TSchema>(schema: Schema): Shape<Schema> {
  return { schema, checker: TypeCompiler.Compile(schema) };
}

const APP = shapeOf(AppInput);

/** Members that answers carry and requests may bring back; ignored without a word. */
const ANSWER_MEMBERS = new Set([
  'versionInfo',
  'tasksStaged',
  'tasksRunning',
  'tasksHealthy',
  'tasksUnhealthy',
  'deployments',
  'tasks',
  'readinessCheckResults',
  'lastTaskFailure',
  'taskStats',
  'tasksStats',
]);

/**
 * Checks the shape of an app only, not its meaning.
 * @param body a cleaned JSON value
 * @param at where it stands in the body, e.g. `/(3)` in a list
 */
export function decodeApp(body: Json, at = ''): DecodedApp {
  return decodeShape(APP, body, at);
}

/** Checks the shape of anything that has one. */
export function decodeShape<Schema extends TSchema>(
  { schema, checker }: Shape<Schema>,
  body: Json,
  at = '',
):
  | { readonly ok: true; readonly value: Static<Schema>; readonly ignored: readonly string[] }
  | { readonly ok: false; readonly violations: readonly Violation[] } {
  if (!checker.Check(body)) return { ok: false, violations: shapeViolations(checker.Errors(body), body, at) };
  const wide = wideIntegers(schema, body, at);
  if (wide.length > 0) return { ok: false, violations: wide };
  return { ok: true, value: body, ignored: unknownMembers(schema, body, at).slice(0, IGNORED_FIELDS_MAX) };
}

/** A JSON pointer of TypeBox (`/healthChecks/0/port`) in Marathon's form (`/healthChecks(0)/port`). */
function marathonPath(pointer: string, body: Json, at: string): string {
  let path = at;
  let current: Json | undefined = body;
  for (const segment of pointer.split('/').slice(1)) {
    const key = segment.replaceAll('~1', '/').replaceAll('~0', '~');
    path += Array.isArray(current) ? `(${key})` : `/${key}`;
    current = member(current, key);
  }
  return path === '' ? '/' : path;
}

function member(value: Json | undefined, key: string): Json | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Readonly<Record<string, Json>>)[key];
}

function shapeViolations(errors: Iterable<ValueError>, body: Json, at: string): readonly Violation[] {
  const byPath = new Map<string, Violation>();
  for (const error of innermost(errors)) {
    const path = marathonPath(error.path, body, at);
    // A missing member is reported twice: as missing, then as not being what it should be.
    if (byPath.has(path)) continue;
    byPath.set(path, violation(path, ...codes(error)));
    if (byPath.size === VIOLATIONS_MAX) break;
  }
  return [...byPath.values()];
}

/** Replaces the error "fits no variant of a union" by those of the one variant that was meant, where that is clear. */
function* innermost(errors: Iterable<ValueError>): Generator<ValueError> {
  for (const error of errors) {
    const meant = error.type === ValueErrorType.Union ? meantVariant(error) : undefined;
    if (meant === undefined) yield error;
    else yield* innermost(meant);
  }
}

function meantVariant(error: ValueError): Iterable<ValueError> | undefined {
  if (typeof error.value !== 'object' || error.value === null || Array.isArray(error.value)) return undefined;
  const index = variants(error.schema).findIndex((variant) => variant[Kind] === 'Object');
  return error.errors[index];
}

function variants(schema: TSchema): readonly TSchema[] {
  const { anyOf } = schema as { readonly anyOf?: readonly TSchema[] };
  return anyOf ?? [];
}

const EXPECTED: ReadonlyMap<ValueErrorType, string> = new Map([
  [ValueErrorType.String, 'error.expected.jsstring'],
  [ValueErrorType.Number, 'error.expected.jsnumber'],
  [ValueErrorType.Boolean, 'error.expected.jsboolean'],
  [ValueErrorType.Array, 'error.expected.jsarray'],
  [ValueErrorType.Object, 'error.expected.jsobject'],
  [ValueErrorType.ObjectRequiredProperty, 'error.path.missing'],
]);

/** The code that play-json gives for this error, then a sentence where the code alone does not help. */
function codes(error: ValueError): readonly string[] {
  const { schema } = error as { readonly schema: Readonly<Record<string, unknown>> };
  const expected = EXPECTED.get(error.type);
  if (expected !== undefined) return [expected];
  switch (error.type) {
    case ValueErrorType.Integer:
      return [typeof error.value === 'number' ? 'error.expected.int' : 'error.expected.jsnumber'];
    case ValueErrorType.NumberMinimum:
    case ValueErrorType.IntegerMinimum:
      return ['error.min', `must be at least ${String(schema.minimum)}`];
    case ValueErrorType.NumberMaximum:
    case ValueErrorType.IntegerMaximum:
      return ['error.max', `must be at most ${String(schema.maximum)}`];
    case ValueErrorType.StringMinLength:
      return ['error.minLength', `must have at least ${String(schema.minLength)} characters`];
    case ValueErrorType.StringMaxLength:
      return ['error.maxLength', `must have at most ${String(schema.maxLength)} characters`];
    case ValueErrorType.StringPattern:
      return ['error.pattern', `must match ${String(schema.pattern)}`];
    case ValueErrorType.ArrayMinItems:
      return ['error.minLength', `must have at least ${String(schema.minItems)} elements`];
    case ValueErrorType.ArrayMaxItems:
      return ['error.maxLength', `must have at most ${String(schema.maxItems)} elements`];
    case ValueErrorType.Union:
      return unionCodes(error);
    default:
      return [error.message];
  }
}

function unionCodes(error: ValueError): readonly string[] {
  const literals = variants(error.schema).flatMap((variant) => ('const' in variant ? [String(variant.const)] : []));
  if (literals.length < variants(error.schema).length) {
    return ['error.expected.jsstring', 'or an object in the documented form'];
  }
  if (typeof error.value !== 'string') return ['error.expected.jsstring'];
  return ['error.unknown.enum.literal', `must be one of ${literals.join(', ')}`];
}

/** Visits every value that the schema describes, with its path. */
function* described(schema: TSchema, value: Json, path: string): Generator<[TSchema, Json, string]> {
  const variant = schema[Kind] === 'Union' ? variants(schema).find((one) => fits(one, value)) : schema;
  if (variant === undefined) return;
  yield [variant, value, path];
  if (Array.isArray(value)) {
    const { items } = variant as { readonly items?: TSchema };
    if (items === undefined) return;
    for (const [index, item] of (value as readonly Json[]).entries()) {
      yield* described(items, item, `${path}(${String(index)})`);
    }
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries<Json>(value)) {
    const innerSchema = memberSchema(variant, key);
    if (innerSchema !== undefined) yield* described(innerSchema, inner, `${path}/${key}`);
  }
}

function fits(schema: TSchema, value: Json): boolean {
  if ((typeof value === 'object') !== (schema[Kind] === 'Object')) return false;
  const { required = [] } = schema as { readonly required?: readonly string[] };
  // Of several objects it is the one whose members are there: a command by `shell` or by `argv`.
  return required.every((name) => member(value, name) !== undefined);
}

function memberSchema(schema: TSchema, key: string): TSchema | undefined {
  const { properties, patternProperties } = schema as {
    readonly properties?: Readonly<Record<string, TSchema>>;
    readonly patternProperties?: Readonly<Record<string, TSchema>>;
  };
  if (properties !== undefined) return Object.hasOwn(properties, key) ? properties[key] : undefined;
  return patternProperties === undefined ? undefined : Object.values(patternProperties)[0];
}

function wideIntegers(schema: TSchema, body: Json, at: string): readonly Violation[] {
  const violations: Violation[] = [];
  for (const [inner, value, path] of described(schema, body, at)) {
    if (inner[Kind] !== 'Integer' || typeof value !== 'number' || value <= INTEGER_MAX) continue;
    violations.push(violation(path, 'error.expected.int', `must be at most ${String(INTEGER_MAX)}`));
    if (violations.length === VIOLATIONS_MAX) break;
  }
  return violations;
}

function unknownMembers(schema: TSchema, body: Json, at: string): readonly string[] {
  const unknown: string[] = [];
  for (const [inner, value, path] of described(schema, body, at)) {
    if (inner[Kind] !== 'Object' || typeof value !== 'object' || value === null) continue;
    for (const key of Object.keys(value)) {
      const isFromAnswer = path === at && ANSWER_MEMBERS.has(key);
      if (memberSchema(inner, key) === undefined && !isFromAnswer) unknown.push(`${path}/${key}`);
    }
  }
  return unknown;
}
