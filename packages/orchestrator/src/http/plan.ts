/** `/v2/plan`: what a change would come to, before anybody makes it. */
import { violation } from '../core/app/checked.ts';
import { resolveId } from '../core/app/app-id.ts';
import { decodeApp } from '../core/app/decode.ts';
import type { Json } from '../core/app/json.ts';
import type { Change } from '../core/root/change.ts';
import { decodeGroup } from '../core/root/decode-group.ts';
import { writeApps, type AppWrite } from '../core/root/write-apps.ts';
import { targetOf, updateGroup } from '../core/root/write-groups.ts';
import { appDiffs } from '../core/deployment/definition-diff.ts';
import { invalidJson, json, rejection, type Answer, type Call } from './answer.ts';
import { changeContext } from './commands.ts';
import type { Handlers, HandlerContext } from './handler-context.ts';
import { readObject } from './read-body.ts';

type ReadChange =
  | { readonly ok: true; readonly change: Change; /** Of the one app that is planned. */ readonly appId?: string }
  | { readonly ok: false; readonly answer: Answer };

/** Handlers for plans. */
export function planHandlers(context: HandlerContext): Pick<Handlers, 'plan'> {
  return {
    plan(call) {
      const read = readChange(context, call);
      if (!read.ok) return read.answer;
      const planned = context.engine.planChange(read.change);
      if (!planned.ok) return rejection(planned.rejection);
      const { steps, apps, conflicts, token, refusals, fit } = planned.value;
      const version = context.engine.view.root.version;
      const fits = fit.every(({ wanted, placeable }) => placeable >= wanted);
      const { appId } = read;
      // What changes nothing is no change of the plan.
      const kept = apps.find(({ id }) => id === appId)?.to ?? context.engine.view.root.app(appId ?? '');
      return json(200, {
        token,
        version,
        steps,
        changes: appDiffs(apps),
        conflicts,
        refusals,
        fits,
        fit,
        ...(kept !== undefined && { app: kept }),
      });
    },
  };
}

/** The body names one app or several, updated as by PUT, or a group. */
function readChange(context: HandlerContext, call: Call): ReadChange {
  const body = readObject(call.request);
  if (!body.ok) return body;
  const { app, apps, group, ...others } = body.value;
  const given = [app, apps, group].filter((member) => member !== undefined);
  if (given.length !== 1 || Object.keys(others).length > 0) {
    return wrong('/', 'must have exactly one of the members app, apps and group');
  }
  if (group !== undefined) {
    if (!isObject(group)) return wrong('/group', 'error.expected.jsobject');
    const decoded = decodeGroup(group);
    if (!decoded.ok) return { ok: false, answer: invalidJson(decoded.violations) };
    const id = targetOf(decoded.value, '/');
    return { ok: true, change: updateGroup(id, decoded.value, changeContext(context.options, call)) };
  }
  const list = app === undefined ? apps : [app];
  if (!isList(list)) return wrong('/apps', 'error.expected.jsarray');
  const writes: AppWrite[] = [];
  for (const [index, item] of list.entries()) {
    const at = app === undefined ? `/apps(${String(index)})` : '/app';
    const decoded = decodeApp(item, at);
    if (!decoded.ok) return { ok: false, answer: invalidJson(decoded.violations) };
    if (decoded.value.id === undefined) return wrong(`${at}/id`, 'error.path.missing');
    writes.push({ id: resolveId(decoded.value.id), input: decoded.value, at });
  }
  const mode = { isPartial: true, missing: 'create' } as const;
  const change = writeApps(writes, mode, changeContext(context.options, call));
  const [first] = writes;
  return { ok: true, change, ...(app !== undefined && first !== undefined && { appId: first.id }) };
}

function wrong(path: string, message: string): ReadChange {
  return { ok: false, answer: invalidJson([violation(path, message)]) };
}

function isObject(value: Json): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}
