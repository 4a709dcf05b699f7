/** What of an event is told to somebody who does not see everything. */
import type { Sight } from '@stadion/contract/permissions';
import type { DeploymentPlanInfo, OrchestratorEvent } from '@stadion/contract/orchestrator';
import type { PlanRoots } from './deployment/plan-roots.ts';
import { seenActions, seenSteps } from './seen-deployment.ts';

/**
 * The event as it is told: itself, one with less in it, or undefined: nothing. A kind of event that is not named here
 * does not compile, so that none is told by oversight.
 */
export function seenEvent(event: OrchestratorEvent, sight: Sight): OrchestratorEvent | undefined {
  if (sight.isWhole) return event;
  switch (event.eventType) {
    case 'status_update_event':
    case 'health_status_changed_event':
    case 'failed_health_check_event':
    case 'add_health_check_event':
    case 'remove_health_check_event':
    case 'unhealthy_instance_kill_event':
    case 'app_terminated_event':
      return sight.sees(event.appId) ? event : undefined;
    case 'instance_changed_event':
    case 'instance_health_changed_event':
    case 'unknown_instance_terminated_event':
    case 'instance_serving_changed_event':
      return sight.sees(event.runSpecId) ? event : undefined;
    case 'api_post_event':
      return sight.sees(event.appDefinition.id) ? event : undefined;
    case 'group_change_success':
    case 'group_change_failed':
      return sight.sees(event.groupId) ? event : undefined;
    case 'deployment_info':
    case 'deployment_step_success':
    case 'deployment_step_failure': {
      const plan = seenPlan(event.plan, sight);
      return plan && { ...event, plan, currentStep: { actions: seenActions(event.currentStep.actions, sight) } };
    }
    case 'deployment_success': {
      const plan = seenPlan(event.plan, sight);
      return plan && { ...event, plan };
    }
    case 'deployment_failed': {
      const plan = seenPlan(event.plan, sight);
      if (plan === undefined) return undefined;
      const { reason, ...rest } = event;
      const isAll = actionsIn(plan) === actionsIn(event.plan);
      return { ...rest, plan, ...(isAll && reason !== undefined ? { reason } : {}) };
    }
    // Of the scheduler as a whole, and what this very reader has missed.
    case 'scheduler_registered_event':
    case 'scheduler_reregistered_event':
    case 'scheduler_disconnected_event':
    case 'events_lost_event':
      return event;
    // Who listens from where, and what names no app.
    case 'event_stream_attached':
    case 'event_stream_detached':
    case 'framework_message_event':
    case 'pod_created_event':
    case 'pod_updated_event':
    case 'pod_deleted_event':
      return undefined;
  }
}

/** The roots of a plan, with the apps that are seen. */
export function seenRoots({ original, target }: PlanRoots, sight: Sight): PlanRoots {
  const seen = ({ id }: { readonly id: string }): boolean => sight.sees(id);
  return { original: original.filter(seen), target: target.filter(seen) };
}

function seenPlan(plan: DeploymentPlanInfo, sight: Sight): DeploymentPlanInfo | undefined {
  const { id, version } = plan;
  const seen = { id, version, steps: seenSteps(plan.steps, sight) };
  return actionsIn(seen) === 0 ? undefined : seen;
}

function actionsIn({ steps }: DeploymentPlanInfo): number {
  return steps.reduce((sum, { actions }) => sum + actions.length, 0);
}
