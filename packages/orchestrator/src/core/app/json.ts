/** Makes parsed JSON safe to walk: bounded depth, no prototype keys, no `null` members. */
import { JSON_DEPTH_MAX } from './limits.ts';

/** A value made of JSON, without `null` members in objects (they count as absent). */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** The cleaned value, or why it is refused. */
export type CleanedJson = { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly reason: string };

/**
 * Copies a parsed JSON value. Members that are `null` are dropped, `null` elements of lists stay.
 * Refused are nesting beyond {@link JSON_DEPTH_MAX} levels and members named `__proto__`.
 */
export function cleanJson(parsed: unknown): CleanedJson {
  try {
    return { ok: true, value: clean(parsed, 0) };
  } catch (error) {
    if (error instanceof Refused) return { ok: false, reason: error.message };
    throw error;
  }
}

class Refused extends Error {}

function clean(value: unknown, depth: number): Json {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value === null) {
    return value;
  }
  if (depth >= JSON_DEPTH_MAX) throw new Refused(`nested more than ${String(JSON_DEPTH_MAX)} levels deep`);
  if (Array.isArray(value)) return value.map((item: unknown) => clean(item, depth + 1));
  if (typeof value !== 'object') throw new Refused(`not JSON: ${typeof value}`);
  const members: [string, Json][] = [];
  for (const [key, member] of Object.entries(value) as [string, unknown][]) {
    if (key === '__proto__') throw new Refused('a member must not be named __proto__');
    if (member !== null) members.push([key, clean(member, depth + 1)]);
  }
  return Object.fromEntries(members);
}
