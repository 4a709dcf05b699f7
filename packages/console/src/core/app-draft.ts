/** An app or a pod while it is written: members are set and taken away, what is empty is left out. */
import type { AppDefinition } from '@stadion/contract/orchestrator';
import type { PodDefinition } from '@stadion/contract/orchestrator-pods';

/** JSON as one finds it. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json | undefined;
}

/** Names of members and places in lists, from the outside in. */
export type MemberPath = readonly (string | number)[];

/** What stands at a path, if anything. */
export function memberAt(value: Json | undefined, path: MemberPath): Json | undefined {
  let current = value;
  for (const step of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = (current as Readonly<Record<string | number, Json | undefined>>)[step];
  }
  return current;
}

/** The same with another value at a path; undefined takes it away, and with it what becomes empty around it. */
export function withMember(value: Json | undefined, path: MemberPath, member: Json | undefined): Json | undefined {
  const [step, ...rest] = path;
  if (step === undefined) return member;
  if (typeof step === 'number') {
    const list = Array.isArray(value) ? [...(value as readonly Json[])] : [];
    const changed = withMember(list[step], rest, member);
    if (changed === undefined) list.splice(step, 1);
    else list[step] = changed;
    return list.length === 0 ? undefined : list;
  }
  const object = isObject(value) ? value : {};
  const { [step]: before, ...others } = object;
  const changed = withMember(before, rest, member);
  if (changed === undefined) return Object.keys(others).length === 0 && path.length > 0 ? undefined : others;
  return step in object ? { ...object, [step]: changed } : { ...others, [step]: changed };
}

/** Whether a value is a JSON object. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A definition as one edits it: without what the platform keeps in it. */
export function editable(definition: AppDefinition | PodDefinition): JsonObject {
  const { version: _version, versionInfo: _info, ...members } = JSON.parse(JSON.stringify(definition)) as JsonObject;
  return members;
}

/** Whether a draft describes a pod: apps have no list of containers. */
export function isPodDraft(draft: JsonObject): boolean {
  return Array.isArray(draft['containers']);
}

const DEPRECATED: readonly MemberPath[] = [
  ['uris'],
  ['ports'],
  ['ipAddress'],
  ['container', 'docker', 'network'],
  ['container', 'docker', 'portMappings'],
];

/** The members of an app that Marathon knew before 1.5 and that have another form since, e.g. `container.docker.network`. */
export function deprecatedMembers(draft: JsonObject): readonly string[] {
  return DEPRECATED.filter((path) => memberAt(draft, path) !== undefined).map((path) => path.join('.'));
}

/** A text as JSON, or what is wrong with it and where. */
export function parseDraft(text: string): { readonly draft: JsonObject } | { readonly problem: string } {
  try {
    const value = JSON.parse(text) as Json;
    return isObject(value) ? { draft: value } : { problem: 'Apps and pods are JSON objects: { "id": "/…", … }' };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : 'This is no JSON' };
  }
}

/** A draft as text. */
export function draftText(draft: JsonObject): string {
  return `${JSON.stringify(draft, undefined, 2)}\n`;
}
