/** `/v2/groups`, writing: create, put, patch, delete. */
import type { GroupInput } from '@stadion/contract/orchestrator-groups';
import { invalidJson, json, rejection, type Answer, type Call } from './answer.ts';
import { violation } from '../core/app/checked.ts';
import type { Change } from '../core/root/change.ts';
import { decodeGroup } from '../core/root/decode-group.ts';
import { createGroup, deleteGroup, setEnforceRole, targetOf, updateGroup } from '../core/root/write-groups.ts';
import { carryOut, changeContext, changeOptions, deploymentAnswer, ignoredHeader } from './commands.ts';
import { groupIdOf } from './groups.ts';
import type { Handlers, HandlerContext } from './handler-context.ts';
import { flag } from './query.ts';
import { readObject } from './read-body.ts';

type WriteGroupHandlers = Pick<
  Handlers,
  'createRootGroup' | 'createGroup' | 'putRootGroup' | 'putGroup' | 'patchGroup' | 'deleteRootGroup' | 'deleteGroup'
>;

/** Handlers that change groups. */
export function writeGroupHandlers(context: HandlerContext): WriteGroupHandlers {
  return {
    createRootGroup: (call) => create(context, call, '/'),
    createGroup: (call) => create(context, call, groupIdOf(call)),
    putRootGroup: (call) => put(context, call, '/'),
    putGroup: (call) => put(context, call, groupIdOf(call)),
    patchGroup: (call) => patch(context, call),
    deleteRootGroup: (call) => remove(context, call, '/'),
    deleteGroup: (call) => remove(context, call, groupIdOf(call)),
  };
}

async function create(context: HandlerContext, call: Call, pathId: string): Promise<Answer> {
  const read = readGroup(call);
  if (!read.ok) return read.answer;
  const id = targetOf(read.update, pathId);
  const change = createGroup(id, read.update, changeContext(context.options, call));
  const outcome = await carryOut(context, change, { ...changeOptions(call), groupId: id });
  if (!outcome.ok) return rejection(outcome.rejection);
  const headers = { Location: id, ...ignoredHeader(read.ignored) };
  return deploymentAnswer(outcome.value.result, { status: 201, headers });
}

async function put(context: HandlerContext, call: Call, pathId: string): Promise<Answer> {
  const read = readGroup(call);
  if (!read.ok) return read.answer;
  const id = targetOf(read.update, pathId);
  const change = updateGroup(id, read.update, changeContext(context.options, call));
  const headers = ignoredHeader(read.ignored);
  if (flag(call.query, 'dryRun')) return tryOut(context, change, headers);
  const outcome = await carryOut(context, change, { ...changeOptions(call), groupId: id });
  return outcome.ok ? deploymentAnswer(outcome.value.result, { headers }) : rejection(outcome.rejection);
}

function tryOut({ engine }: HandlerContext, change: Change, headers: Readonly<Record<string, string>>): Answer {
  const planned = engine.planChange(change);
  return planned.ok ? json(200, { steps: planned.value.steps }, headers) : rejection(planned.rejection);
}

async function patch(context: HandlerContext, call: Call): Promise<Answer> {
  const body = readObject(call.request);
  if (!body.ok) return body.answer;
  const { enforceRole } = body.value;
  if (enforceRole === undefined) return { status: 200, body: { kind: 'none' } };
  if (typeof enforceRole !== 'boolean') return invalidJson([violation('/enforceRole', 'error.expected.jsboolean')]);
  const id = groupIdOf(call);
  const outcome = await carryOut(context, setEnforceRole(id, enforceRole), {
    force: false,
    groupId: id,
    deploys: false,
  });
  return outcome.ok ? { status: 200, body: { kind: 'none' } } : rejection(outcome.rejection);
}

async function remove(context: HandlerContext, call: Call, id: string): Promise<Answer> {
  const outcome = await carryOut(context, deleteGroup(id), { ...changeOptions(call), groupId: id });
  return outcome.ok ? deploymentAnswer(outcome.value.result) : rejection(outcome.rejection);
}

type ReadGroup =
  | { readonly ok: true; readonly update: GroupInput; readonly ignored: readonly string[] }
  | { readonly ok: false; readonly answer: Answer };

function readGroup({ request }: Call): ReadGroup {
  const body = readObject(request);
  if (!body.ok) return body;
  const decoded = decodeGroup(body.value);
  if (!decoded.ok) return { ok: false, answer: invalidJson(decoded.violations) };
  return { ok: true, update: decoded.value, ignored: decoded.ignored };
}
