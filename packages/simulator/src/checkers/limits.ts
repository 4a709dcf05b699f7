/** Invariant 10: every queue, buffer and count has a named limit. Those that a simulated cluster can fill are measured. */
import type { World } from '../world.ts';
import type { Checker, Violate } from './checker.ts';

/** The last 50 changes of the root, what was before the oldest of them, and what there is now: the orchestrator's limit. */
const ROOT_VERSIONS_MAX = 52;
/** Watches that one process keeps with ZooKeeper: on the line of candidates, and on its own place in it. */
const WATCHERS_MAX = 4;
/** Nodes of the journal before small ones are merged, twice, and what else there is. */
const NODES_MAX = 400;
/** Messages under way on one link: some for each task, and those that are sent again. */
const IN_FLIGHT_MAX = 2_000;
/** Sessions of one process: that of now, and those that have yet to expire, one for each reconnect within the timeout. */
const SESSIONS_PER_PROCESS_MAX = 30;
/** They are measured so often, milliseconds. */
const LOOK_MS = 5_000;

/** Measures now and then. */
export function limitsChecker(world: World, violate: Violate): Checker {
  let lookedAt = 0;
  const hold = (what: string, count: number, limit: number): void => {
    if (count > limit) violate(`there are ${what} beyond the limit of ${String(limit)}`);
  };
  const look = (): void => {
    hold('messages under way on a link', world.network.inFlightMax, IN_FLIGHT_MAX);
    const view = world.controlPlane?.engine.view;
    if (view !== undefined) {
      hold('versions of the root', [...view.root.rootVersions()].length, ROOT_VERSIONS_MAX);
    }
    const { cluster } = world;
    if (cluster === undefined) return;
    const { watchers, nodes, sessions } = cluster.ensemble.sizes;
    hold('watchers of a session', watchers, WATCHERS_MAX);
    hold('nodes in ZooKeeper', nodes, NODES_MAX);
    const processes = cluster.servers.length + world.machines.length;
    hold('sessions with ZooKeeper', sessions, processes * SESSIONS_PER_PROCESS_MAX);
  };
  return {
    afterTurn() {
      if (world.time.monotonic() - lookedAt < LOOK_MS) return;
      lookedAt = world.time.monotonic();
      look();
    },
    atEnd: look,
  };
}
