/** Carries out what was decided, by the typed client. */
import type { Action } from '../core/actions.ts';
import type { AppAction } from '../core/app-actions.ts';
import type { DeploymentAction } from '../core/deployment-actions.ts';
import type { InstanceAction } from '../core/instance-actions.ts';
import type { NodeAction } from '../core/node-actions.ts';
import type { RebalanceAction } from '../core/rebalance-actions.ts';
import { isOfDeployment, isOfInstance, isOfNodes, isOfRebalance } from '../core/actions.ts';
import type { Passing } from './obstacles.ts';
import { api } from './api.ts';

/**
 * @param how what it passes
 * @returns the deployment that carries it out, where there is one
 * @throws ApiError when refused
 */
export async function execute(action: Action, how: Passing): Promise<string | undefined> {
  if (isOfDeployment(action)) return executeOnDeployment(action);
  if (isOfNodes(action)) return executeOnNodes(action);
  if (isOfRebalance(action)) return executeRebalance(action);
  return isOfInstance(action) ? executeOnInstance(action, how) : executeOnApp(action, how);
}

async function executeOnApp(action: AppAction, query: Passing): Promise<string | undefined> {
  switch (action.kind) {
    case 'scale':
      return deploymentOf(
        await api.putApp({ params: { id: action.appId }, query, body: { instances: action.wanted } }),
      );
    case 'suspend':
      return deploymentOf(await api.putApp({ params: { id: action.appId }, query, body: { instances: 0 } }));
    case 'roll-back':
      return deploymentOf(await api.putApp({ params: { id: action.appId }, query, body: { version: action.version } }));
    case 'restart':
      return deploymentOf(await api.restartApp({ params: { id: action.appId }, query }));
    case 'destroy':
      return deploymentOf(await api.deleteApp({ params: { id: action.appId }, query }));
    case 'reset-delay':
      await api.resetDelay({ params: { id: action.appId } });
      return undefined;
    case 'kill':
      return deploymentOf(
        await api.deleteTasks({
          query: { ...query, ...(action.then === 'replace' ? {} : { [action.then]: true }) },
          body: { ids: [...action.taskIds] },
        }),
      );
    case 'restart-instances':
      return deploymentOf(await api.deleteTasks({ query, body: { ids: [...action.taskIds] } }));
    case 'scale-group':
      return deploymentOf(
        await api.putGroup({ params: { group: action.groupId }, query, body: { scaleBy: action.factor } }),
      );
    case 'suspend-group':
      return deploymentOf(await api.putGroup({ params: { group: action.groupId }, query, body: { scaleBy: 0 } }));
    case 'destroy-group':
      return deploymentOf(await api.deleteGroup({ params: { group: action.groupId }, query }));
  }
}

async function executeOnDeployment({ kind, deploymentId }: DeploymentAction): Promise<string | undefined> {
  const params = { deploymentId };
  switch (kind) {
    case 'cancel-deployment':
      return deploymentOf(await api.cancelDeployment({ params }));
    case 'stop-deployment':
      await api.cancelDeployment({ params, query: { force: true } });
      return undefined;
    case 'pause-deployment':
      return (await api.pauseDeployment({ params })).id;
    case 'resume-deployment':
      return (await api.resumeDeployment({ params })).id;
    case 'promote-deployment':
      return (await api.promoteDeployment({ params })).id;
    case 'fail-deployment':
      return (await api.failDeployment({ params })).id;
  }
}

async function executeOnInstance(action: InstanceAction, query: Passing): Promise<undefined> {
  switch (action.kind) {
    case 'freeze':
      await api.freezeTask({ params: { id: action.appId, taskId: action.taskId } });
      return;
    case 'scale-pod': {
      const params = { id: action.podId };
      const { version: _version, ...pod } = await api.getPod({ params });
      await api.putPod({ params, query, body: { ...pod, scaling: { kind: 'fixed', instances: action.wanted } } });
      return;
    }
    case 'roll-back-pod': {
      const params = { id: action.podId };
      const { version: _version, ...pod } = await api.getPodVersion({ params: { ...params, version: action.version } });
      await api.putPod({ params, query, body: pod });
      return;
    }
    case 'destroy-pod':
      await api.deletePod({ params: { id: action.podId }, query });
      return;
    case 'kill-pod-instances':
      await api.killPodInstances({ params: { id: action.podId }, body: [...action.instanceIds] });
      return;
  }
}

async function executeOnNodes(action: NodeAction): Promise<undefined> {
  for (const { agentId } of action.nodes) {
    const params = { agentId };
    switch (action.kind) {
      case 'drain':
        await api.drainAgent({ params, query: { deadlineSeconds: action.minutes * 60 } });
        break;
      case 'decommission':
        await api.drainAgent({ params, query: { deadlineSeconds: action.minutes * 60, markGone: true } });
        break;
      case 'mark-gone':
        await api.markAgentGone({ params });
        break;
      case 'cordon':
        await api.cordonAgent({ params });
        break;
      case 'uncordon':
        await api.uncordonAgent({ params });
        break;
    }
  }
}

async function executeRebalance(action: RebalanceAction): Promise<undefined> {
  if (action.kind === 'rebalance') await api.beginRebalance({ body: { movesPerMinute: action.movesPerMinute } });
  else await api.stopRebalance({});
}

function deploymentOf(answer: object | null): string | undefined {
  if (answer === null || !('deploymentId' in answer)) return undefined;
  return typeof answer.deploymentId === 'string' ? answer.deploymentId : undefined;
}
