/** What can be done with a deployment under way. */
import type { ActionPlan } from './action-plan.ts';

/** What a person may want of it. */
export interface DeploymentAction {
  readonly kind:
    | 'cancel-deployment'
    | 'stop-deployment'
    | 'pause-deployment'
    | 'resume-deployment'
    | 'promote-deployment'
    | 'fail-deployment';
  readonly deploymentId: string;
  readonly apps: readonly string[];
}

/** Lays an action out. */
export function deploymentActionPlan({ kind, deploymentId, apps }: DeploymentAction): ActionPlan {
  const concerned = `Concerned: ${apps.join(', ')}.`;
  const path = `/v2/deployments/${deploymentId}`;
  switch (kind) {
    case 'cancel-deployment':
      return {
        title: 'Roll this deployment back',
        consequences: ['It stops, and a new deployment takes everything that it changed back.', concerned],
        verb: 'Roll back',
        isDangerous: true,
        request: { method: 'DELETE', path },
        command: `stadion deploy cancel ${deploymentId}`,
      };
    case 'stop-deployment':
      return {
        title: 'Stop this deployment where it is',
        consequences: [
          'Nothing more is started or ended by it, and nothing is taken back: old and new instances stay side by side.',
          concerned,
        ],
        verb: 'Stop',
        isDangerous: true,
        request: { method: 'DELETE', path: `${path}?force=true` },
        command: `stadion deploy cancel --force ${deploymentId}`,
      };
    case 'pause-deployment':
      return {
        title: 'Pause this deployment',
        consequences: ['Nothing more is started or ended by it until it is resumed. What runs, runs on.', concerned],
        verb: 'Pause',
        isDangerous: false,
        request: { method: 'POST', path: `${path}/pause` },
        command: `stadion deploy pause ${deploymentId}`,
      };
    case 'resume-deployment':
      return {
        title: 'Resume this deployment',
        consequences: ['It goes on where it was paused.', concerned],
        verb: 'Resume',
        isDangerous: false,
        request: { method: 'POST', path: `${path}/resume` },
        command: `stadion deploy resume ${deploymentId}`,
      };
    case 'promote-deployment':
      return {
        title: 'Promote the canary',
        consequences: ['The new configuration is found good: all other instances are replaced as well.', concerned],
        verb: 'Promote',
        isDangerous: false,
        request: { method: 'POST', path: `${path}/promote` },
        command: `stadion deploy promote ${deploymentId}`,
      };
    case 'fail-deployment':
      return {
        title: 'Find this deployment bad',
        consequences: ['It is recorded as failed, and everything becomes what it was before.', concerned],
        verb: 'Find it bad',
        isDangerous: true,
        request: { method: 'POST', path: `${path}/fail` },
        command: `stadion deploy fail ${deploymentId}`,
      };
  }
}
