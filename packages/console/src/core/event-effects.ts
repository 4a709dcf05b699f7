/** What an event makes outdated: which apps must be read again, and whether deployments must. */
import type { OrchestratorEvent } from '@stadion/contract/orchestrator';

/** What is outdated after an event. */
export interface EventEffects {
  readonly appIds: readonly string[];
  readonly deployments: boolean;
  /** Apps came or went, nobody says which: read the list again. */
  readonly everything: boolean;
}

const NOTHING: EventEffects = { appIds: [], deployments: false, everything: false };

/** The effects of one event. */
export function effectsOf(event: OrchestratorEvent): EventEffects {
  if ('plan' in event) {
    const appIds = event.plan.steps.flatMap(({ actions }) => actions.flatMap(({ app, pod }) => app ?? pod ?? []));
    return { appIds: [...new Set(appIds)], deployments: true, everything: false };
  }
  const appIds = appIdsOf(event);
  if (appIds.length > 0) return { appIds, deployments: false, everything: false };
  return event.eventType === 'group_change_success' ? { ...NOTHING, deployments: true } : NOTHING;
}

/** The apps that an event is about. */
export function appIdsOf(event: OrchestratorEvent): readonly string[] {
  if ('appId' in event) return [event.appId];
  if ('runSpecId' in event) return [event.runSpecId];
  if ('appDefinition' in event) return [event.appDefinition.id];
  if ('plan' in event) return effectsOf(event).appIds;
  return [];
}
