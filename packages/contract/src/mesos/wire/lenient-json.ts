/**
 * Reads JSON as Mesos does, which is more lenient than its shapes: its JSON stands for protobuf messages. Unknown members
 * and nulls are left out, a bare value stands for a list of one, numbers and booleans may come as strings, and an unknown
 * name of an enumeration is as good as none (stout, `protobuf.hpp`, `json::Protobuf`).
 */
import { TypeGuard, type TObject, type TSchema, type TUnion } from '@sinclair/typebox';

/** What was read, or the first thing that is wrong, e.g. `Missing required field 'accept.offer_ids'`. */
export type LenientReading =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly problem: string };

/** Stands for "not set". */
const UNSET = Symbol('unset');

class Unreadable {
  readonly problem: string;
  /** Nothing is wrong but a name of an enumeration that a later version may have: in a list, the item is left out. */
  readonly isUnknownName: boolean;

  constructor(problem: string, isUnknownName = false) {
    this.problem = problem;
    this.isUnknownName = isUnknownName;
  }
}

/**
 * Brings a parsed JSON value into the form of a schema.
 * @param schema objects, arrays, records, unions of objects that a `type` tells apart, strings, numbers, booleans
 */
export function readLenient(schema: TSchema, json: unknown): LenientReading {
  const value = read(schema, json, '');
  if (value instanceof Unreadable) return { ok: false, problem: value.problem };
  return value === UNSET ? { ok: false, problem: 'The message is empty' } : { ok: true, value };
}

function read(schema: TSchema, json: unknown, path: string): unknown {
  if (json === null || json === undefined) return UNSET;
  if (TypeGuard.IsObject(schema)) return readObject(schema, json, path);
  if (TypeGuard.IsArray(schema)) return readArray(schema.items, json, path);
  if (TypeGuard.IsUnion(schema)) return readUnion(schema, json, path);
  if (TypeGuard.IsRecord(schema)) return readRecord(Object.values(schema.patternProperties)[0], json, path);
  if (TypeGuard.IsLiteral(schema)) return json === schema.const ? json : wrongName(json, path);
  if (TypeGuard.IsString(schema)) return typeof json === 'string' ? json : expected('a string', json, path);
  if (TypeGuard.IsBoolean(schema)) return readBoolean(json, path);
  if (TypeGuard.IsInteger(schema)) return readNumber(json, path, true);
  if (TypeGuard.IsNumber(schema)) return readNumber(json, path, false);
  return json;
}

function readObject(schema: TObject, json: unknown, path: string): unknown {
  if (!isPlainObject(json)) return expected('an object', json, path);
  const result: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(schema.properties)) {
    const at = path === '' ? name : `${path}.${name}`;
    const value = read(member, Object.hasOwn(json, name) ? json[name] : undefined, at);
    if (value instanceof Unreadable) return value;
    if (value !== UNSET) result[name] = value;
    else if (TypeGuard.IsOptional(member)) continue;
    else if (TypeGuard.IsArray(member)) result[name] = [];
    else return new Unreadable(`Missing required field '${at}'`, typeof json[name] === 'string');
  }
  return result;
}

function readArray(items: TSchema, json: unknown, path: string): unknown {
  const result: unknown[] = [];
  for (const [index, item] of (Array.isArray(json) ? json : [json]).entries()) {
    const value = read(items, item, `${path}[${String(index)}]`);
    if (value instanceof Unreadable) {
      if (value.isUnknownName) continue;
      return value;
    }
    if (value !== UNSET) result.push(value);
  }
  return result;
}

function readRecord(values: TSchema | undefined, json: unknown, path: string): unknown {
  if (!isPlainObject(json)) return expected('an object', json, path);
  const result: [string, unknown][] = [];
  for (const [name, item] of Object.entries(json)) {
    const value = values === undefined ? item : read(values, item, `${path}.${name}`);
    if (value instanceof Unreadable) return value;
    if (value !== UNSET) result.push([name, value]);
  }
  return Object.fromEntries(result);
}

/** Enumerations by name; objects by their `type`, else the first one that fits. */
function readUnion(schema: TUnion, json: unknown, path: string): unknown {
  if (schema.anyOf.every((member) => TypeGuard.IsLiteral(member))) {
    return schema.anyOf.some((member) => member.const === json) ? json : wrongName(json, path);
  }
  const type = isPlainObject(json) ? json['type'] : undefined;
  const told = schema.anyOf.find((member) => typeOf(member) === type && type !== undefined);
  if (told !== undefined) return read(told, json, path);
  if (schema.anyOf.every((member) => typeOf(member) !== undefined)) {
    const at = path === '' ? 'type' : `${path}.type`;
    return new Unreadable(
      typeof type === 'string' ? `'${type.slice(0, 64)}' is no known '${at}'` : `Missing required field '${at}'`,
    );
  }
  let first: unknown = UNSET;
  for (const member of schema.anyOf) {
    const value = read(member, json, path);
    if (!(value instanceof Unreadable)) return value;
    if (first === UNSET) first = value;
  }
  return first;
}

function typeOf(member: TSchema): unknown {
  if (!TypeGuard.IsObject(member)) return undefined;
  const { type } = member.properties;
  return type !== undefined && TypeGuard.IsLiteral(type) ? type.const : undefined;
}

function readBoolean(json: unknown, path: string): unknown {
  if (typeof json === 'boolean') return json;
  return json === 'true' || json === 'false' ? json === 'true' : expected('a boolean', json, path);
}

function readNumber(json: unknown, path: string, integer: boolean): unknown {
  const number = typeof json === 'string' && json.trim() !== '' ? Number(json) : json;
  const what = integer ? 'an integer' : 'a number';
  if (typeof number !== 'number' || Number.isNaN(number)) return expected(what, json, path);
  return integer && !Number.isInteger(number) ? expected(what, json, path) : number;
}

/** An unknown name counts as none, and so does a number: what protobuf has for a value that it does not know. */
function wrongName(json: unknown, path: string): unknown {
  return typeof json === 'string' || typeof json === 'number'
    ? UNSET
    : expected('the name of an enumeration', json, path);
}

function expected(what: string, json: unknown, path: string): Unreadable {
  const got = Array.isArray(json) ? 'an array' : typeof json;
  return new Unreadable(`Expected ${what} at '${path === '' ? 'the top' : path}', not ${got}`);
}

function isPlainObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
