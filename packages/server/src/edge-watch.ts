/** Takes deployments back whose new instances do badly at the edge, where their apps ask for it. */
import { describeError, every, type Logger, type TimerHandle, type Timers } from '@stadion/base';
import { createEdgeClient, type Fetch } from '@stadion/contract/client';
import { taskIdsOf, type Engine } from '@stadion/orchestrator';
import { edgeVerdict, type EdgeLimits } from './core/edge-verdict.ts';
import { EDGE_WATCH_MS } from './limits.ts';

/** What a watch is made with. */
export interface EdgeWatchParts {
  readonly engine: Pick<Engine, 'view' | 'controlDeployment'>;
  /** The edge's admin port, once it is known. */
  readonly edge: () => string | undefined;
  /** Asks as the platform's own parts do. */
  readonly ask: Fetch;
  readonly timers: Timers;
  readonly log: Logger;
}

/** A deployment that the edge has a say in. */
interface Watched {
  readonly id: string;
  readonly version: string;
  readonly app: string;
  readonly limits: EdgeLimits;
}

/** Watches until cancelled. The edge is asked only while there is something to judge. */
export function watchAtEdge(parts: EdgeWatchParts): TimerHandle {
  const { timers, log } = parts;
  let isLooking = false;
  let complaint = '';
  return every(timers, EDGE_WATCH_MS, () => {
    const watched = watchedIn(parts.engine);
    if (isLooking || watched.length === 0) return;
    isLooking = true;
    look(parts, watched)
      .then(() => {
        complaint = '';
      })
      .catch((error: unknown) => {
        // Once, until it goes well again.
        if (complaint === describeError(error)) return;
        complaint = describeError(error);
        log.warn(
          { error: describeError(error) },
          'the edge does not say how new versions do: nobody is taken back by it',
        );
      })
      .finally(() => {
        isLooking = false;
      });
  });
}

async function look({ engine, edge, ask }: EdgeWatchParts, watched: readonly Watched[]): Promise<void> {
  const baseUrl = edge();
  if (baseUrl === undefined) throw new Error('no edge is known here: see --edge-url');
  const { routes } = await createEdgeClient({ baseUrl, fetch: ask }).routes();
  for (const { id, version, app, limits } of watched) {
    const fresh = engine.view.instances(app).filter(({ appVersion }) => appVersion >= version);
    const tasks = new Set(fresh.flatMap(taskIdsOf));
    const verdict = edgeVerdict(limits, tasks, routes);
    if (verdict !== undefined) await engine.controlDeployment(id, 'fail', verdict);
  }
}

function watchedIn({ view }: Pick<Engine, 'view'>): readonly Watched[] {
  return view.deployments().flatMap(({ id, version, affectedApps }) => {
    const limited = affectedApps.flatMap((app) => {
      const limits = view.root.app(app)?.upgradeStrategy.rollback?.edge;
      return limits === undefined ? [] : [{ id, version, app, limits }];
    });
    // Records say what differs, which takes its time: they are made for the few that are limited.
    return limited.length === 0 || view.deploymentRecord(id)?.isRollBack === true ? [] : limited;
  });
}
