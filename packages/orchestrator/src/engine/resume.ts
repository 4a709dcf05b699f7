/** Takes up what was under way when the state was stored: launches that had not come up, kills, lost contact. */
import { isComingUp } from '../core/instance.ts';
import { isUnreachable } from '../core/unreachable.ts';
import type { AppInstances } from './app-instances.ts';
import type { Fleet } from './fleet.ts';
import type { DrainWatch } from './drain-watch.ts';
import type { Killer } from './killer.ts';
import type { LaunchWatch } from './launch-watch.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { UnreachableWatch } from './unreachable-watch.ts';

/**
 * Goes on with kills and drains, and watches launches again. A launch has its whole time anew: it may have come up while nobody
 * listened, and is not to be killed for news that had no chance to arrive.
 * @param now milliseconds since the Unix epoch
 */
export function resumeWatches(
  fleet: Fleet,
  killer: Killer,
  launchWatch: LaunchWatch,
  drains: { readonly watch: DrainWatch; readonly times: Pick<Lifecycle, 'drainTimeOf'> },
  now: number,
): void {
  for (const app of fleet.all()) {
    for (const instance of app.all.values()) {
      if (instance.place === undefined) continue;
      if (instance.drainUntil !== undefined && instance.condition !== 'Killing') {
        // Also one that is out of contact: nobody else would end it once it is back. The clock that the end was written by
        // may have differed, so no more than the whole time is left.
        drains.watch.add(instance.id, Math.min(instance.drainUntil - now, drains.times.drainTimeOf(instance)));
      } else if (instance.condition === 'Killing' || instance.goal === 'Decommissioned') killer.add(instance.id);
      else if (isComingUp(instance)) launchWatch.add(instance.id);
    }
  }
}

/**
 * Applies the strategy for lost instances of an app. Only once the master has been asked what became of them: their agents
 * may be back. Inside a turn.
 */
export function watchUnreachable(app: AppInstances | undefined, unreachableWatch: UnreachableWatch): void {
  for (const instance of [...(app?.all.values() ?? [])]) {
    if (isUnreachable(instance)) unreachableWatch.add(instance);
  }
}
