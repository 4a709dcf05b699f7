/** `/v2/groups`: apps as a tree, read only. */
import type { AppDefinition } from '@stadion/contract/orchestrator';
import { parentId, resolveId } from '../core/app/app-id.ts';
import type { EngineView } from '../engine.ts';
import { failure, pieces, type Answer } from './answer.ts';
import type { AppView } from './app-view.ts';
import type { Handlers, HandlerContext } from './handler-context.ts';
import { appEmbeds, type AppEmbeds } from './query.ts';
import { parameter } from './route-table.ts';

/** Handlers for groups. */
export function groupHandlers({ engine, apps }: HandlerContext): Pick<Handlers, 'getGroup' | 'getNamedGroup'> {
  const { view } = engine;
  function show(id: string, query: URLSearchParams): Answer {
    if (!view.root.isGroup(id)) return failure(404, { message: `Group '${id}' does not exist` });
    return pieces(200, writeGroup(readTree(view, id), groupEmbeds(query), apps, view));
  }
  return {
    getGroup: ({ query }) => show('/', query),
    getNamedGroup: ({ parameters, query }) => show(resolveId(parameter(parameters, 'group')), query),
  };
}

interface Group {
  readonly id: string;
  readonly apps: AppDefinition[];
  readonly groups: Group[];
}

function readTree(view: EngineView, id: string): Group {
  const top: Group = { id, apps: [], groups: [] };
  const byId = new Map([[id, top]]);
  const groupOf = (groupId: string): Group => {
    const known = byId.get(groupId);
    if (known !== undefined) return known;
    const group: Group = { id: groupId, apps: [], groups: [] };
    byId.set(groupId, group);
    groupOf(parentId(groupId)).groups.push(group);
    return group;
  };
  for (const app of view.root.apps(id)) groupOf(parentId(app.id)).apps.push(app);
  return top;
}

interface GroupEmbeds {
  readonly groups: boolean;
  readonly apps: boolean;
  readonly ofApps: AppEmbeds;
}

/** Without any `embed` groups and apps are shown; with one, only what is named. */
function groupEmbeds(query: URLSearchParams): GroupEmbeds {
  const asked = query.getAll('embed');
  const shows = (name: string): boolean => asked.length === 0 || asked.includes(name);
  return { groups: shows('group.groups'), apps: shows('group.apps'), ofApps: appEmbeds(query, []) };
}

function* writeGroup(group: Group, embeds: GroupEmbeds, apps: AppView, view: EngineView): Generator<string> {
  yield `{"id":${JSON.stringify(group.id)},"apps":[`;
  if (embeds.apps) yield* apps.writeList(group.apps, embeds.ofApps);
  yield '],"pods":[],"groups":[';
  let separator = '';
  for (const inner of embeds.groups ? group.groups : []) {
    yield separator;
    yield* writeGroup(inner, embeds, apps, view);
    separator = ',';
  }
  const isTop = group.id !== '/' && parentId(group.id) === '/';
  const version = JSON.stringify(view.root.groupVersion(group.id));
  yield `],"dependencies":[],"version":${version}${isTop ? ',"enforceRole":false' : ''}}`;
}
