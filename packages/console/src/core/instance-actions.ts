/** What can be done with single instances and with pods. */
import type { ActionPlan } from './action-plan.ts';
import { counted } from './amounts.ts';

/** What a person may want done. */
export type InstanceAction =
  | { readonly kind: 'freeze'; readonly appId: string; readonly taskId: string }
  | { readonly kind: 'scale-pod'; readonly podId: string; readonly current: number; readonly wanted: number }
  | { readonly kind: 'roll-back-pod'; readonly podId: string; readonly version: string }
  | { readonly kind: 'destroy-pod'; readonly podId: string; readonly instances: number }
  | { readonly kind: 'kill-pod-instances'; readonly podId: string; readonly instanceIds: readonly string[] };

/** Lays an action out. */
export function instanceActionPlan(action: InstanceAction): ActionPlan {
  switch (action.kind) {
    case 'freeze':
      return {
        title: 'Freeze this instance',
        consequences: [
          'It is taken out of rotation and runs on, so that it can be looked at. Another one is started in its place.',
          'Killing it ends that.',
        ],
        verb: 'Freeze',
        isDangerous: false,
        request: { method: 'POST', path: `/v2/apps${action.appId}/tasks/${action.taskId}/freeze` },
        command: `stadion task freeze ${action.taskId}`,
      };
    case 'scale-pod': {
      const change = action.wanted - action.current;
      return {
        title: `Scale pod ${action.podId}`,
        consequences: [
          change === 0
            ? 'Nothing changes: so many are wanted already.'
            : change > 0
              ? `${counted(change, 'instance')} more will be started, each with all containers.`
              : `${counted(-change, 'instance')} will be ended.`,
        ],
        verb: `Scale to ${String(action.wanted)}`,
        isDangerous: action.wanted === 0 && action.current > 0,
        request: {
          method: 'PUT',
          path: `/v2/pods${action.podId}`,
          body: { '…': 'the pod as it is', scaling: { kind: 'fixed', instances: action.wanted } },
        },
        command: `stadion pod scale ${action.podId} ${String(action.wanted)}`,
      };
    }
    case 'roll-back-pod':
      return {
        title: `Go back to an earlier version of pod ${action.podId}`,
        consequences: ['The configuration of that version becomes the current one, as a new version.'],
        verb: 'Roll back',
        isDangerous: false,
        request: {
          method: 'PUT',
          path: `/v2/pods${action.podId}`,
          body: { '…': `the pod as it was at ${action.version}` },
        },
      };
    case 'destroy-pod':
      return {
        title: `Destroy pod ${action.podId}`,
        consequences: [
          `All ${counted(action.instances, 'instance')} are ended, with all containers.`,
          'The pod and its versions are forgotten. This cannot be taken back.',
        ],
        verb: 'Destroy',
        isDangerous: true,
        request: { method: 'DELETE', path: `/v2/pods${action.podId}` },
        command: `stadion pod remove ${action.podId}`,
      };
    case 'kill-pod-instances': {
      const { podId, instanceIds } = action;
      return {
        title: `Kill ${counted(instanceIds.length, 'instance')} of pod ${podId}`,
        consequences: [
          `${counted(instanceIds.length, 'instance')} ended, with all containers. New ones are started in their place.`,
        ],
        verb: 'Kill',
        isDangerous: true,
        request: { method: 'DELETE', path: `/v2/pods${podId}::instances`, body: instanceIds },
        command: `stadion pod kill ${podId} ${instanceIds.join(' ')}`,
      };
    }
  }
}
