/** What can be done with apps, what will happen then, and how the same is done elsewhere. */
import type { ActionPlan } from './action-plan.ts';
import { counted } from './amounts.ts';

/** What can be done with apps, their instances and groups of them. */
export type AppAction =
  | {
      readonly kind: 'scale';
      readonly appId: string;
      readonly current: number;
      readonly wanted: number;
      readonly isStateful: boolean;
    }
  | { readonly kind: 'restart'; readonly appId: string; readonly instances: number }
  | { readonly kind: 'suspend'; readonly appId: string; readonly instances: number }
  | { readonly kind: 'destroy'; readonly appId: string; readonly instances: number }
  | { readonly kind: 'reset-delay'; readonly appId: string }
  | { readonly kind: 'roll-back'; readonly appId: string; readonly version: string }
  | { readonly kind: 'kill'; readonly appId: string; readonly taskIds: readonly string[]; readonly then: AfterKill }
  | { readonly kind: 'restart-instances'; readonly appId: string; readonly taskIds: readonly string[] }
  | { readonly kind: 'scale-group'; readonly groupId: string; readonly apps: number; readonly factor: number }
  | { readonly kind: 'suspend-group'; readonly groupId: string; readonly apps: number }
  | { readonly kind: 'destroy-group'; readonly groupId: string; readonly apps: number };

/** What becomes of the places of killed instances: others are started, fewer are wanted, or others start without the data. */
export type AfterKill = 'replace' | 'scale' | 'wipe';

const KEPT = 'The app itself stays and can be scaled up again.';
const ROLLING = 'New instances are started before old ones are ended, as far as the upgrade strategy allows.';

/** Lays an action out. */
export function appActionPlan(action: AppAction): ActionPlan {
  switch (action.kind) {
    case 'scale':
      return scale(action);
    case 'restart':
      return {
        title: `Restart ${action.appId}`,
        consequences: [
          `All ${counted(action.instances, 'instance')} are replaced, with the same configuration.`,
          ROLLING,
        ],
        verb: 'Restart',
        isDangerous: false,
        request: { method: 'POST', path: `/v2/apps${action.appId}/restart` },
        command: `stadion app restart ${action.appId}`,
      };
    case 'suspend':
      return {
        title: `Suspend ${action.appId}`,
        consequences: [`All ${counted(action.instances, 'instance')} are ended: the app stops serving.`, KEPT],
        verb: 'Suspend',
        isDangerous: true,
        request: { method: 'PUT', path: `/v2/apps${action.appId}`, body: { instances: 0 } },
        command: `stadion app suspend ${action.appId}`,
      };
    case 'destroy':
      return {
        title: `Destroy ${action.appId}`,
        consequences: [
          `All ${counted(action.instances, 'instance')} are ended.`,
          'The app and its versions are forgotten. This cannot be taken back.',
        ],
        verb: 'Destroy',
        isDangerous: true,
        request: { method: 'DELETE', path: `/v2/apps${action.appId}` },
        command: `stadion app remove ${action.appId}`,
      };
    case 'reset-delay':
      return {
        title: `Launch ${action.appId} now`,
        consequences: ['The wait after failures is forgotten; the next attempt is made at once.'],
        verb: 'Launch now',
        isDangerous: false,
        request: { method: 'DELETE', path: `/v2/queue${action.appId}/delay` },
      };
    case 'roll-back':
      return {
        title: `Go back to an earlier version of ${action.appId}`,
        consequences: ['The configuration of that version becomes the current one, as a new version.', ROLLING],
        verb: 'Roll back',
        isDangerous: false,
        request: { method: 'PUT', path: `/v2/apps${action.appId}`, body: { version: action.version } },
        command: `stadion app rollback ${action.appId} ${action.version}`,
      };
    case 'kill':
      return kill(action);
    case 'restart-instances': {
      const { appId, taskIds } = action;
      const count = counted(taskIds.length, 'instance');
      return {
        title: `Restart ${count} of ${appId}`,
        consequences: [
          `${count} killed, each with the app's kill grace period; as many are started anew with the current configuration.`,
          'Until they are up the app serves with fewer. To replace all without a gap, restart the app itself.',
          'This is no deployment: nothing takes it back.',
        ],
        verb: 'Restart',
        isDangerous: true,
        request: { method: 'POST', path: '/v2/tasks/delete', body: { ids: taskIds } },
        command: `stadion task kill ${taskIds.join(' ')}`,
      };
    }
    case 'scale-group':
      return {
        title: `Scale ${action.groupId} by ${String(action.factor)}`,
        consequences: [
          `Each of ${counted(action.apps, 'app')} gets ${String(action.factor)} times as many instances, rounded up.`,
        ],
        verb: 'Scale',
        isDangerous: action.factor < 1,
        request: { method: 'PUT', path: `/v2/groups${action.groupId}`, body: { scaleBy: action.factor } },
        command: `stadion group scale ${action.groupId} ${String(action.factor)}`,
      };
    case 'suspend-group':
      return {
        title: `Suspend ${action.groupId}`,
        consequences: [
          `All instances of ${counted(action.apps, 'app')} are ended: they stop serving.`,
          'The apps themselves stay.',
        ],
        verb: 'Suspend',
        isDangerous: true,
        request: { method: 'PUT', path: `/v2/groups${action.groupId}`, body: { scaleBy: 0 } },
        command: `stadion group scale ${action.groupId} 0`,
      };
    case 'destroy-group':
      return {
        title: `Destroy ${action.groupId}`,
        consequences: [
          `${counted(action.apps, 'app')} and all their instances are ended.`,
          'The apps and their versions are forgotten. This cannot be taken back.',
        ],
        verb: 'Destroy',
        isDangerous: true,
        request: { method: 'DELETE', path: `/v2/groups${action.groupId}` },
        command: `stadion group remove ${action.groupId}`,
      };
  }
}

function scale({ appId, current, wanted, isStateful }: Extract<AppAction, { kind: 'scale' }>): ActionPlan {
  const change = wanted - current;
  const consequences =
    change === 0
      ? ['Nothing changes: so many are wanted already.']
      : change > 0
        ? [`${counted(change, 'instance')} more will be started.`]
        : [`${counted(-change, 'instance')} will be ended, by the app's kill selection.`];
  if (wanted === 0) consequences.push('The app stops serving.');
  if (change < 0 && isStateful) {
    consequences.push('This app keeps data: what the ended instances hold stays reserved, until they are wiped.');
  }
  return {
    title: `Scale ${appId}`,
    consequences,
    verb: `Scale to ${String(wanted)}`,
    isDangerous: wanted === 0 && current > 0,
    request: { method: 'PUT', path: `/v2/apps${appId}`, body: { instances: wanted } },
    command: `stadion app scale ${appId} ${String(wanted)}`,
  };
}

function kill({ appId, taskIds, then }: Extract<AppAction, { kind: 'kill' }>): ActionPlan {
  const count = counted(taskIds.length, 'instance');
  const shared = { isDangerous: true };
  const request = (query: string) =>
    ({ method: 'POST', path: `/v2/tasks/delete${query}`, body: { ids: taskIds } }) as const;
  const command = (flag: string): string => `stadion task kill ${flag}${taskIds.join(' ')}`;
  switch (then) {
    case 'replace':
      return {
        ...shared,
        title: `Kill ${count} of ${appId}`,
        consequences: [`${count} ended. New ones are started in their place.`],
        verb: 'Kill',
        request: request(''),
        command: command(''),
      };
    case 'scale':
      return {
        ...shared,
        title: `Kill ${count} and scale ${appId} down`,
        consequences: [`${count} ended, and as many fewer wanted from now on.`],
        verb: 'Kill and scale',
        request: request('?scale=true'),
        command: command('--scale '),
      };
    case 'wipe':
      return {
        ...shared,
        title: `Kill ${count} of ${appId} and wipe the volumes`,
        consequences: [
          `${count} ended, and what they reserved is given back.`,
          'The data in their persistent volumes is deleted. This cannot be taken back.',
          'New ones are started in their place, with empty volumes.',
        ],
        verb: 'Kill and wipe',
        request: request('?wipe=true'),
        command: command('--wipe '),
      };
  }
}
