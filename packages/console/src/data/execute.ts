/** Carries out what was decided, by the typed client. */
import type { Action } from '../core/app-actions.ts';
import { api } from './api.ts';

/**
 * @param force also where a deployment holds the app: it is cancelled
 * @returns the deployment that carries it out, where there is one
 * @throws ApiError when refused; with `deployments` in its answer when the app is locked
 */
export async function execute(action: Action, force: boolean): Promise<string | undefined> {
  const query = force ? { force } : {};
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
        await api.deleteTasks({ query: { ...query, scale: action.scale }, body: { ids: [...action.taskIds] } }),
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
    case 'cancel-deployment':
      return deploymentOf(await api.cancelDeployment({ params: { deploymentId: action.deploymentId }, query }));
    case 'stop-deployment':
      await api.cancelDeployment({ params: { deploymentId: action.deploymentId }, query: { force: true } });
      return undefined;
  }
}

function deploymentOf(answer: object | null): string | undefined {
  if (answer === null || !('deploymentId' in answer)) return undefined;
  return typeof answer.deploymentId === 'string' ? answer.deploymentId : undefined;
}
