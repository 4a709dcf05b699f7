/** `/v2/groups`, reading: apps as a tree, now and as it was. */
import { parentId, resolveId } from '../core/app/app-id.ts';
import { parseTimestamp } from '../core/app/timestamp.ts';
import { badTimestamp, noSuchGroup } from '../core/root/change.ts';
import { groupTree, type GroupTree } from '../core/root/group-tree.ts';
import { toPodDefinition } from '../core/pod/normalize-pod.ts';
import { podOf } from '../core/pod/run-spec.ts';
import type { RootSnapshot } from '../engine.ts';
import { json, pieces, rejection, type Answer, type Call } from './answer.ts';
import type { AppView } from './app-view.ts';
import type { Handlers, HandlerContext } from './handler-context.ts';
import { podStatus } from './pod-view.ts';
import { appEmbeds, isStrictReader, type AppEmbeds } from './query.ts';
import { parameter } from './route-table.ts';

type ReadGroupHandlers = Pick<
  Handlers,
  | 'getGroup'
  | 'getNamedGroup'
  | 'listRootGroupApps'
  | 'listGroupApps'
  | 'listRootGroupVersions'
  | 'listGroupVersions'
  | 'getRootGroupVersion'
  | 'getGroupVersion'
>;

/** The group that a path names. */
export function groupIdOf({ parameters }: Call): string {
  return resolveId(parameter(parameters, 'group'));
}

/** Handlers that read groups. */
export function groupHandlers({ engine, apps }: HandlerContext): ReadGroupHandlers {
  const { root } = engine.view;

  function show(id: string, call: Call, snapshot: RootSnapshot = root): Answer {
    if (snapshot.group(id) === undefined) return rejection(noSuchGroup(id).rejection);
    const tree = groupTree(id, snapshot.apps(id), snapshot.groups(id));
    return pieces(200, writeGroup(tree, groupEmbeds(call), apps, snapshot, podsIn(snapshot)));
  }

  /** The pods that are in a group itself; of the root as it was only what they were to be, since nothing runs of it. */
  function podsIn(snapshot: RootSnapshot): (groupId: string) => readonly unknown[] {
    const pods = [...snapshot.specs()].filter((spec) => podOf(spec) !== undefined);
    return (groupId) => {
      const own = pods.filter(({ id }) => parentId(id) === groupId);
      return own.flatMap((spec) => (snapshot === root ? podStatus(engine.view, spec.id) : toPodDefinition(spec)) ?? []);
    };
  }

  function showVersion(id: string, call: Call): Answer {
    const text = parameter(call.parameters, 'version');
    const version = parseTimestamp(text);
    if (version === undefined) return rejection(badTimestamp(text).rejection);
    const snapshot = root.rootAt(version);
    if (snapshot?.group(id) === undefined) return rejection(noSuchGroup(id, version).rejection);
    return show(id, call, snapshot);
  }

  function listApps(id: string, call: Call): Answer {
    if (!root.isGroup(id)) return rejection(noSuchGroup(id).rejection);
    return pieces(200, listed(apps.writeList([...root.apps(id)], appEmbeds(call, []))));
  }

  function listVersions(id: string): Answer {
    if (!root.isGroup(id)) return rejection(noSuchGroup(id).rejection);
    return json(
      200,
      root.rootVersions().filter((version) => root.rootAt(version)?.group(id) !== undefined),
    );
  }

  return {
    getGroup: (call) => show('/', call),
    getNamedGroup: (call) => show(groupIdOf(call), call),
    listRootGroupApps: (call) => listApps('/', call),
    listGroupApps: (call) => listApps(groupIdOf(call), call),
    listRootGroupVersions: () => listVersions('/'),
    listGroupVersions: (call) => listVersions(groupIdOf(call)),
    getRootGroupVersion: (call) => showVersion('/', call),
    getGroupVersion: (call) => showVersion(groupIdOf(call), call),
  };
}

/** `[…]`. */
export function* listed(list: Iterable<string>): Generator<string> {
  yield '[';
  yield* list;
  yield ']';
}

interface GroupEmbeds {
  readonly roles: boolean;
  readonly groups: boolean;
  readonly apps: boolean;
  readonly pods: boolean;
  readonly ofApps: AppEmbeds;
}

/** Without any `embed` groups and apps are shown; with one, only what is named. */
function groupEmbeds(call: Call): GroupEmbeds {
  const asked = call.query.getAll('embed');
  const shows = (name: string): boolean => asked.length === 0 || asked.includes(name);
  return {
    roles: !isStrictReader(call),
    groups: shows('group.groups'),
    apps: shows('group.apps'),
    pods: shows('group.pods'),
    ofApps: appEmbeds(call, []),
  };
}

function* writeGroup(
  group: GroupTree,
  embeds: GroupEmbeds,
  apps: AppView,
  root: RootSnapshot,
  podsOf: (groupId: string) => readonly unknown[],
): Generator<string> {
  yield `{"id":${JSON.stringify(group.id)},"apps":[`;
  if (embeds.apps) yield* apps.writeList(group.apps, embeds.ofApps);
  yield '],"pods":[';
  if (embeds.pods) {
    yield podsOf(group.id)
      .map((pod) => JSON.stringify(pod))
      .join(',');
  }
  yield '],"groups":[';
  let separator = '';
  for (const inner of embeds.groups ? group.groups : []) {
    yield separator;
    yield* writeGroup(inner, embeds, apps, root, podsOf);
    separator = ',';
  }
  const { dependencies = [], version = root.version, enforceRole = false } = root.group(group.id) ?? {};
  const isTop = group.id !== '/' && parentId(group.id) === '/';
  yield `],"dependencies":${JSON.stringify(dependencies)},"version":${JSON.stringify(version)}`;
  yield isTop && embeds.roles ? `,"enforceRole":${String(enforceRole)}}` : '}';
}
