/** `/v2/apps`, writing: create, put, patch, delete, restart. */
import type { AppInput, Violation } from '@stadion/contract/orchestrator';
import { resolveId } from '../core/app/app-id.ts';
import { violation } from '../core/app/checked.ts';
import { decodeApp } from '../core/app/decode.ts';
import { deleteApp, restartApp } from '../core/root/change-apps.ts';
import { notValid, type Change } from '../core/root/change.ts';
import { createApp, writeApps, type AppWrite, type WriteMode } from '../core/root/write-apps.ts';
import { invalidJson, json, rejection, type Answer, type Call } from './answer.ts';
import { carryOut, changeContext, changeOptions, deploymentAnswer, ignoredHeader, publishApiPost } from './commands.ts';
import type { Handlers, HandlerContext } from './handler-context.ts';
import { flag } from './query.ts';
import { readList, readObject } from './read-body.ts';
import { parameter } from './route-table.ts';

type WriteHandlers = Pick<
  Handlers,
  'createApp' | 'putApps' | 'patchApps' | 'putApp' | 'patchApp' | 'deleteApp' | 'restartApp'
>;

/** Handlers that change apps. */
export function writeAppHandlers(context: HandlerContext): WriteHandlers {
  return {
    createApp: (call) => create(context, call),
    putApps: (call) => writeMany(context, call, { isPartial: isPartial(call), missing: 'create' }),
    patchApps: (call) => writeMany(context, call, { isPartial: true, missing: 'reject' }),
    putApp: (call) => writeOne(context, call, { isPartial: isPartial(call), missing: 'create' }),
    patchApp: (call) => writeOne(context, call, { isPartial: true, missing: 'reject' }),
    // Marathon's own default differs here: deleting forces.
    deleteApp: (call) => simple(context, call, deleteApp, true),
    restartApp: (call) => simple(context, call, restartApp, false),
  };
}

function isPartial({ query }: Call): boolean {
  return flag(query, 'partialUpdate', true);
}

async function create(context: HandlerContext, call: Call): Promise<Answer> {
  const read = readApp(call);
  if (!read.ok) return read.answer;
  const change = createApp(read.input, changeContext(context.options, call));
  const concerns = read.input.id === undefined ? [] : [resolveId(read.input.id)];
  const outcome = await carryOut(context, change, { ...changeOptions(call), concerns });
  if (!outcome.ok) return rejection(outcome.rejection);
  const { result, change: done } = outcome.value;
  const [asked] = done.asked;
  const id = asked?.id ?? '';
  publishApiPost(context, call, id);
  const info = {
    ...asked,
    version: result.version,
    tasksStaged: 0,
    tasksRunning: 0,
    tasksHealthy: 0,
    tasksUnhealthy: 0,
    deployments: [{ id: result.deploymentId }],
  };
  const headers = { 'Marathon-Deployment-Id': result.deploymentId, Location: id, ...ignoredHeader(read.ignored) };
  return json(201, info, headers);
}

async function writeOne(context: HandlerContext, call: Call, mode: WriteMode): Promise<Answer> {
  const read = readApp(call);
  if (!read.ok) return read.answer;
  const id = resolveId(parameter(call.parameters, 'id'));
  const change = writeApps([{ id, input: read.input, at: '' }], mode, changeContext(context.options, call));
  const outcome = await carryOut(context, change, { ...changeOptions(call), concerns: [id] });
  if (!outcome.ok) return rejection(outcome.rejection);
  const { result, change: done } = outcome.value;
  publishApiPost(context, call, id);
  const ignored = ignoredHeader(read.ignored);
  if (!done.created.includes(id)) return deploymentAnswer(result, { headers: ignored });
  return deploymentAnswer(result, { status: 201, headers: { Location: id, ...ignored } });
}

async function writeMany(context: HandlerContext, call: Call, mode: WriteMode): Promise<Answer> {
  const read = readApps(call);
  if (!read.ok) return read.answer;
  const change = writeApps(read.writes, mode, changeContext(context.options, call));
  const concerns = read.writes.map(({ id }) => id);
  const outcome = await carryOut(context, change, { ...changeOptions(call), concerns });
  if (!outcome.ok) return rejection(outcome.rejection);
  return deploymentAnswer(outcome.value.result, { headers: ignoredHeader(read.ignored) });
}

async function simple(
  context: HandlerContext,
  call: Call,
  command: (id: string) => Change,
  forceAbsent: boolean,
): Promise<Answer> {
  const id = resolveId(parameter(call.parameters, 'id'));
  const outcome = await carryOut(context, command(id), { ...changeOptions(call, forceAbsent), concerns: [id] });
  return outcome.ok ? deploymentAnswer(outcome.value.result) : rejection(outcome.rejection);
}

type ReadApp =
  | { readonly ok: true; readonly input: AppInput; readonly ignored: readonly string[] }
  | { readonly ok: false; readonly answer: Answer };

function readApp({ request }: Call): ReadApp {
  const body = readObject(request);
  if (!body.ok) return body;
  const decoded = decodeApp(body.value);
  if (!decoded.ok) return { ok: false, answer: invalidJson(decoded.violations) };
  return { ok: true, input: decoded.value, ignored: decoded.ignored };
}

type ReadApps =
  | { readonly ok: true; readonly writes: readonly AppWrite[]; readonly ignored: readonly string[] }
  | { readonly ok: false; readonly answer: Answer };

function readApps({ request }: Call): ReadApps {
  const body = readList(request);
  if (!body.ok) return body;
  const writes: AppWrite[] = [];
  const ignored: string[] = [];
  const ids = new Set<string>();
  const repeated: Violation[] = [];
  for (const [index, item] of body.value.entries()) {
    const at = `/(${String(index)})`;
    const decoded = decodeApp(item, at);
    if (!decoded.ok) return { ok: false, answer: invalidJson(decoded.violations) };
    if (decoded.value.id === undefined) {
      return { ok: false, answer: invalidJson([violation(`${at}/id`, 'error.path.missing')]) };
    }
    const id = resolveId(decoded.value.id);
    if (ids.has(id)) repeated.push(violation(`${at}/id`, `${id} occurs more than once`));
    ids.add(id);
    writes.push({ id, input: decoded.value, at });
    ignored.push(...decoded.ignored);
  }
  if (repeated.length > 0) return { ok: false, answer: rejection(notValid(repeated).rejection) };
  return { ok: true, writes, ignored };
}
