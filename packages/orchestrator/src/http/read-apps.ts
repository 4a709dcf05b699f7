/** `/v2/apps`, reading: lists, single apps, groups of apps, versions. */
import type { AppDefinition } from '@stadion/contract/orchestrator';
import { resolveId } from '../core/app/app-id.ts';
import { parseTimestamp } from '../core/app/timestamp.ts';
import { badTimestamp, noSuchApp } from '../core/root/change.ts';
import { parseLabelSelector } from '../core/root/label-selector.ts';
import type { EngineView } from '../engine.ts';
import { failure, json, pieces, rejection, type Answer, type Call } from './answer.ts';
import type { Handlers, HandlerContext } from './handler-context.ts';
import { appEmbeds, type AppEmbeds } from './query.ts';
import { parameter } from './route-table.ts';

type ReadHandlers = Pick<Handlers, 'listApps' | 'getApp' | 'listAppVersions' | 'getAppVersion'>;

/** Handlers that read apps. */
export function readAppHandlers({ engine, apps }: HandlerContext): ReadHandlers {
  const { view } = engine;

  function listApps(call: Call): Answer {
    const selected = selectApps(view, call.query);
    if (!selected.ok) return failure(422, { message: selected.message });
    return pieces(200, wrapped('apps', apps.writeList(selected.apps, appEmbeds(call, ['counts', 'deployments']))));
  }

  function getApp(call: Call): Answer {
    const embeds = appEmbeds(call, ['counts', 'tasks', 'lastTaskFailure', 'deployments']);
    const target = readTarget(view, parameter(call.parameters, 'id'));
    if (!target.ok) return target.answer;
    if (target.groupId !== undefined) return pieces(200, wrapped('*', apps.writeList(target.apps, embeds)));
    const [app] = target.apps;
    return app === undefined ? rejection(noSuchApp('/').rejection) : pieces(200, wrappedApp(app, embeds));
  }

  function* wrappedApp(app: AppDefinition, embeds: AppEmbeds): Generator<string> {
    yield '{"app":';
    yield* apps.write(app, embeds);
    yield '}';
  }

  return {
    listApps,
    getApp,
    listAppVersions({ parameters }) {
      const id = resolveId(parameter(parameters, 'id'));
      if (view.root.app(id) === undefined) return rejection(noSuchApp(id).rejection);
      return json(200, { versions: view.root.appVersions(id) });
    },
    getAppVersion({ parameters }) {
      const id = resolveId(parameter(parameters, 'id'));
      const text = parameter(parameters, 'version');
      const version = parseTimestamp(text);
      if (version === undefined) return rejection(badTimestamp(text).rejection);
      const app = view.root.appAtVersion(id, version);
      return app === undefined ? rejection(noSuchApp(id, version).rejection) : json(200, app);
    },
  };
}

/** What an id in a path means: one app, or with `/*` behind it all apps of a group. */
export type ReadTarget =
  | { readonly ok: true; readonly groupId: string | undefined; readonly apps: readonly AppDefinition[] }
  | { readonly ok: false; readonly answer: Answer };

/** Looks up what a path's id means. */
export function readTarget(view: EngineView, raw: string): ReadTarget {
  const isGroup = raw === '*' || raw.endsWith('/*');
  const id = resolveId(isGroup ? raw.slice(0, -1) : raw);
  if (!isGroup) {
    const app = view.root.app(id);
    if (app === undefined) return { ok: false, answer: rejection(noSuchApp(id).rejection) };
    return { ok: true, groupId: undefined, apps: [app] };
  }
  if (!view.root.isGroup(id)) return { ok: false, answer: failure(404, { message: `Group '${id}' does not exist` }) };
  return { ok: true, groupId: id, apps: [...view.root.apps(id)] };
}

/** `{"<name>":[…]}`. */
export function* wrapped(name: string, list: Iterable<string>): Generator<string> {
  yield `{${JSON.stringify(name)}:[`;
  yield* list;
  yield ']}';
}

type Selected =
  { readonly ok: true; readonly apps: Iterable<AppDefinition> } | { readonly ok: false; readonly message: string };

function selectApps(view: EngineView, query: URLSearchParams): Selected {
  const label = query.get('label') ?? '';
  const parsed = label === '' ? undefined : parseLabelSelector(label);
  if (parsed?.ok === false) return parsed;
  const id = query.get('id')?.toLowerCase();
  const cmd = query.get('cmd')?.toLowerCase();
  // A copy: the list is written in several turns, during which apps come and go.
  const all = [...view.root.apps()];
  const isSelected = (app: AppDefinition): boolean =>
    (id === undefined || app.id.toLowerCase().includes(id)) &&
    (cmd === undefined || (app.cmd?.toLowerCase().includes(cmd) ?? false)) &&
    (parsed === undefined || parsed.selector(app.labels));
  return { ok: true, apps: all.filter(isSelected) };
}
