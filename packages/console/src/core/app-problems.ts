/** What is wrong with a draft, by the schema that the server judges with, and where that stands in its text. */
import type { TSchema } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { AppInput, type Violation } from '@stadion/contract/orchestrator';
import { PodInput } from '@stadion/contract/orchestrator-pods';
import { isObject, type Json, type JsonObject } from './app-draft.ts';

/** A problem. `path` is as the API writes it: `/healthChecks(0)/portIndex`. */
export interface DraftProblem {
  readonly path: string;
  readonly message: string;
}

const PROBLEMS_MAX = 30;
const NO_FORM = 'Has none of the forms that are possible here';

/** What the schema says of an app; an empty list means that the server will look at the rest. */
export function schemaProblems(draft: JsonObject): readonly DraftProblem[] {
  const problems = problemsBy(AppInput, draft);
  const hasRun = ['cmd', 'args', 'container'].some((name) => draft[name] !== undefined);
  if (typeof draft['id'] !== 'string') problems.push({ path: '/id', message: 'An app needs an id, e.g. /shop/web' });
  if (!hasRun) problems.push({ path: '/cmd', message: 'Say what to run: a command, or a container image' });
  return problems;
}

/** The same of a pod. */
export function podProblems(draft: JsonObject): readonly DraftProblem[] {
  const containers = Array.isArray(draft['containers']) ? (draft['containers'] as readonly Json[]) : [];
  const idle = containers.flatMap((container, index): DraftProblem[] =>
    isObject(container) && container['exec'] === undefined && container['image'] === undefined
      ? [
          {
            path: `/containers(${String(index)})/exec/command/shell`,
            message: 'Say what to run: a command, or an image',
          },
        ]
      : [],
  );
  return [...problemsBy(PodInput, draft), ...idle];
}

/** A draft that has no {@link podProblems}. @throws TypeError for another one */
export function asPod(draft: JsonObject): PodInput {
  const pod: unknown = draft;
  if (!Value.Check(PodInput, pod)) throw new TypeError('The JSON does not describe a pod.');
  return pod;
}

function problemsBy(schema: TSchema, draft: JsonObject): DraftProblem[] {
  const problems: DraftProblem[] = [];
  const seen = new Set<string>();
  for (const { path, message } of Value.Errors(schema, draft)) {
    if (problems.length >= PROBLEMS_MAX) break;
    const place = apiPath(path);
    if (seen.has(place)) continue;
    seen.add(place);
    problems.push({ path: place, message: message.replace('Expected union value', NO_FORM) });
  }
  return problems;
}

/** The problems that the server named. */
export function serverProblems(details: string | readonly Violation[] | undefined): readonly DraftProblem[] {
  if (details === undefined || typeof details === 'string') return [];
  return details.flatMap(({ path, errors }) => errors.map((message) => ({ path, message })));
}

/** The same of a plan, which names the app as its member `app`. */
export function planProblems(details: string | readonly Violation[] | undefined): readonly DraftProblem[] {
  return serverProblems(details).map(({ path, message }) => ({
    path: path.replace(/^\/app(?=[/(]|$)/, '') || '/',
    message,
  }));
}

/** `/healthChecks/0/portIndex` as `/healthChecks(0)/portIndex`. */
function apiPath(pointer: string): string {
  return pointer.replace(/\/(\d+)(?=\/|$)/g, '($1)') || '/';
}

/** Where a path stands in the text of a draft: from its name to the end of its line. */
export function placeOf(text: string, path: string): { readonly from: number; readonly to: number } {
  let at = 0;
  for (const [, name, index] of path.matchAll(/\/([^/()]+)|\((\d+)\)/g)) {
    if (name !== undefined) {
      const found = text.indexOf(`${JSON.stringify(name)}:`, at);
      if (found < 0) break;
      at = found;
      continue;
    }
    // The n-th thing in a list: skip so many that are closed again.
    const list = text.indexOf('[', at);
    if (list < 0) break;
    at = elementAt(text, list + 1, Number(index));
  }
  const end = text.indexOf('\n', at);
  return { from: at, to: end < 0 ? text.length : end };
}

function elementAt(text: string, from: number, index: number): number {
  let depth = 0;
  let count = 0;
  let isInText = false;
  for (let at = from; at < text.length; at += 1) {
    const character = text[at];
    if (isInText) {
      if (character === '\\') at += 1;
      else if (character === '"') isInText = false;
      continue;
    }
    if (count === index && depth === 0 && !/[\s,]/.test(character ?? '')) return at;
    if (character === '"') isInText = true;
    else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
    else if (character === ',' && depth === 0) count += 1;
    if (depth < 0) break;
  }
  return from;
}
