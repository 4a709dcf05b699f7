/** `/v2/overview`: apps and instances in short rows, page by page, for whoever shows very many of them. */
import type { AppSummary, InstanceSummary, VolumeKind } from '@stadion/contract/overview';
import { OVERVIEW_IDS_MAX, OVERVIEW_PAGE_ROWS_MAX } from '@stadion/contract/overview';
import type { AppDefinition, QueueItem } from '@stadion/contract/orchestrator';
import { resolveId } from '../core/app/app-id.ts';
import { formatTimestamp } from '../core/app/timestamp.ts';
import { taskIdOf } from '../core/instance.ts';
import type { EngineView } from '../engine.ts';
import { failure, json, pieces, type Answer, type Call } from './answer.ts';
import type { Handlers, HandlerContext } from './handler-context.ts';
import { agentPlaceOf, countTasks, isPlaced, type PlacedInstance } from './task-view.ts';

/** Handlers that give overviews. */
export function overviewHandlers({
  engine,
}: HandlerContext): Pick<Handlers, 'listAppSummaries' | 'listInstanceSummaries'> {
  const { view } = engine;
  return {
    listAppSummaries: (call) => appPage(view, call),
    listInstanceSummaries: (call) => instancePage(view, call),
  };
}

function appPage(view: EngineView, { query }: Call): Answer {
  const limit = pageLimit(query);
  if (limit === undefined) return badLimit();
  const ids = query.getAll('id');
  if (ids.length > OVERVIEW_IDS_MAX) {
    return failure(400, { message: `At most ${String(OVERVIEW_IDS_MAX)} ids may be asked for at once` });
  }
  const waiting = new Map(view.queue({ lastUnusedOffers: false }).map((item) => [item.app.id, item]));
  if (ids.length > 0) {
    const apps = ids.flatMap((id) => view.root.app(resolveId(id)) ?? []);
    return json(200, { apps: apps.map((app) => summary(view, app, waiting.get(app.id))), total: apps.length });
  }
  const after = query.get('after') ?? '';
  const rows: AppDefinition[] = [];
  let total = 0;
  let hasMore = false;
  for (const app of view.root.apps()) {
    total += 1;
    if (app.id <= after) continue;
    if (rows.length < limit) rows.push(app);
    else hasMore = true;
  }
  const next = hasMore ? rows.at(-1)?.id : undefined;
  return pieces(200, appPieces(view, rows, waiting, total, next));
}

function* appPieces(
  view: EngineView,
  apps: readonly AppDefinition[],
  waiting: ReadonlyMap<string, QueueItem>,
  total: number,
  next: string | undefined,
): Generator<string> {
  yield '{"apps":[';
  let separator = '';
  for (const app of apps) {
    yield separator + JSON.stringify(summary(view, app, waiting.get(app.id)));
    separator = ',';
  }
  yield `],"total":${String(total)}${next === undefined ? '' : `,"next":${JSON.stringify(next)}`}}`;
}

function summary(view: EngineView, app: AppDefinition, waits: QueueItem | undefined): AppSummary {
  const image = app.container?.docker?.image;
  const volumes = volumeKinds(app);
  const failed = view.lastTaskFailure(app.id)?.timestamp;
  return {
    id: app.id,
    version: app.version,
    configuredAt: app.versionInfo.lastConfigChangeAt,
    instances: app.instances,
    cpus: app.cpus,
    mem: app.mem,
    disk: app.disk,
    gpus: app.gpus,
    labels: app.labels,
    ...(image === undefined ? {} : { image }),
    ...(volumes.length === 0 ? {} : { volumes }),
    ...countTasks(view.instances(app.id)),
    checked: (app.healthChecks ?? []).length > 0,
    deployments: [...view.deploymentsOf(app.id)],
    ...(waits === undefined ? {} : { waiting: waitingOf(waits) }),
    ...(failed === undefined ? {} : { failedAt: failed }),
  };
}

function volumeKinds({ container }: AppDefinition): VolumeKind[] {
  const kinds = (container?.volumes ?? []).map(({ persistent, external, secret }): VolumeKind => {
    if (persistent !== undefined) return 'persistent';
    if (external !== undefined) return 'external';
    return secret === undefined ? 'host' : 'secret';
  });
  return [...new Set(kinds)];
}

function waitingOf({ count, since, delay, why }: QueueItem): NonNullable<AppSummary['waiting']> {
  return {
    count,
    since,
    delaySeconds: delay.overdue ? 0 : delay.timeLeftSeconds,
    reason: why?.summary ?? '',
  };
}

function instancePage(view: EngineView, { query }: Call): Answer {
  const limit = pageLimit(query);
  if (limit === undefined) return badLimit();
  const place = placeOf(query.get('after'));
  if (place === undefined) {
    return failure(400, { message: 'The parameter after must be what an earlier page gave as next' });
  }
  return pieces(200, instancePieces(view, place, limit, query.get('agent') ?? undefined));
}

/** Where a page begins: behind so many instances of this app. */
interface PagePlace {
  readonly appId: string;
  readonly offset: number;
}

function placeOf(after: string | null): PagePlace | undefined {
  if (after === null) return { appId: '', offset: 0 };
  const [, appId, offset] = /^(\/.*):(\d{1,9})$/.exec(after) ?? [];
  return appId === undefined ? undefined : { appId, offset: Number(offset) };
}

function* instancePieces(
  view: EngineView,
  from: PagePlace,
  limit: number,
  agentId: string | undefined,
): Generator<string> {
  yield '{"instances":[';
  let count = 0;
  // A copy: the list is written in several turns, during which apps come and go.
  for (const app of [...view.root.apps()]) {
    if (app.id < from.appId) continue;
    let offset = app.id === from.appId ? from.offset : 0;
    for (const instance of view.instances(app.id).slice(offset)) {
      if (count >= limit) {
        yield `],"next":${JSON.stringify(`${app.id}:${String(offset)}`)}}`;
        return;
      }
      offset += 1;
      if (!isPlaced(instance) || (agentId !== undefined && agentPlaceOf(instance).agentId !== agentId)) continue;
      yield (count === 0 ? '' : ',') + JSON.stringify(instanceSummary(instance));
      count += 1;
    }
  }
  yield ']}';
}

function instanceSummary(instance: PlacedInstance): InstanceSummary {
  const { hostname, agentId } = agentPlaceOf(instance);
  return {
    taskId: taskIdOf(instance),
    appId: instance.appId,
    host: hostname,
    agentId,
    condition: instance.condition,
    ...(instance.healthy === undefined ? {} : { healthy: instance.healthy }),
    version: instance.appVersion,
    ...(instance.startedAt === undefined ? {} : { startedAt: formatTimestamp(instance.startedAt) }),
  };
}

function pageLimit(query: URLSearchParams): number | undefined {
  const text = query.get('limit');
  if (text === null) return OVERVIEW_PAGE_ROWS_MAX;
  const limit = Number(text);
  return Number.isInteger(limit) && limit >= 1 && limit <= OVERVIEW_PAGE_ROWS_MAX ? limit : undefined;
}

function badLimit(): Answer {
  return failure(400, { message: `The limit must be a number from 1 to ${String(OVERVIEW_PAGE_ROWS_MAX)}` });
}
