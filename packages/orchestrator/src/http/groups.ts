/** `/v2/groups`: apps as a tree, read only. */
import { parentId, resolveId } from '../core/app/app-id.ts';
import { groupTree, type GroupTree } from '../core/root/group-tree.ts';
import type { EngineView } from '../engine.ts';
import { failure, pieces, type Answer, type Call } from './answer.ts';
import type { AppView } from './app-view.ts';
import type { Handlers, HandlerContext } from './handler-context.ts';
import { appEmbeds, type AppEmbeds } from './query.ts';
import { parameter } from './route-table.ts';

/** Handlers for groups. */
export function groupHandlers({ engine, apps }: HandlerContext): Pick<Handlers, 'getGroup' | 'getNamedGroup'> {
  const { view } = engine;
  function show(id: string, call: Call): Answer {
    if (!view.root.isGroup(id)) return failure(404, { message: `Group '${id}' does not exist` });
    return pieces(200, writeGroup(groupTree(id, view.root.apps(id)), groupEmbeds(call), apps, view));
  }
  return {
    getGroup: (call) => show('/', call),
    getNamedGroup: (call) => show(resolveId(parameter(call.parameters, 'group')), call),
  };
}

interface GroupEmbeds {
  readonly groups: boolean;
  readonly apps: boolean;
  readonly ofApps: AppEmbeds;
}

/** Without any `embed` groups and apps are shown; with one, only what is named. */
function groupEmbeds(call: Call): GroupEmbeds {
  const asked = call.query.getAll('embed');
  const shows = (name: string): boolean => asked.length === 0 || asked.includes(name);
  return { groups: shows('group.groups'), apps: shows('group.apps'), ofApps: appEmbeds(call, []) };
}

function* writeGroup(group: GroupTree, embeds: GroupEmbeds, apps: AppView, view: EngineView): Generator<string> {
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
