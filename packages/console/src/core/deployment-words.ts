/** Deployments in words, and their instances as cells of a grid. */
import type { AppInfo, DeploymentInfo, Task } from '@stadion/contract/orchestrator';
import type { AppDiff, DeploymentRecord } from '@stadion/contract/orchestrator-extensions';
import { taskHealth } from './task-row.ts';
import { stateWords, type EventTone } from './event-words.ts';

const ACTIONS = {
  StartApplication: 'Create',
  StopApplication: 'Destroy',
  ScaleApplication: 'Scale',
  RestartApplication: 'Replace instances of',
  StartPod: 'Create pod',
  StopPod: 'Destroy pod',
  ScalePod: 'Scale pod',
  RestartPod: 'Replace instances of pod',
};

/** What an action does, e.g. `Scale /web`. */
export function actionWords({ action, app, pod }: DeploymentInfo['steps'][number]['actions'][number]): string {
  return `${ACTIONS[action]} ${app ?? pod ?? ''}`;
}

/** Whether a step is over, under way or to come. @param index from 0 */
export function stepState({ currentStep }: DeploymentInfo, index: number): 'done' | 'now' | 'later' {
  if (index + 1 < currentStep) return 'done';
  return index + 1 === currentStep ? 'now' : 'later';
}

/** One instance in the grid. */
export interface GridCell {
  readonly taskId: string;
  readonly isNew: boolean;
  readonly tone: EventTone;
  readonly words: string;
}

/** The instances of an app during a deployment, new ones first, then old ones. */
export function gridCells(app: AppInfo): readonly GridCell[] {
  const isChecked = (app.healthChecks ?? []).length > 0;
  const changedAt = app.versionInfo.lastConfigChangeAt;
  return (app.tasks ?? [])
    .map((task) => cellOf(task, isChecked, (task.version ?? '') >= changedAt))
    .sort((left, right) => Number(right.isNew) - Number(left.isNew) || (left.taskId < right.taskId ? -1 : 1));
}

function cellOf(task: Task, isChecked: boolean, isNew: boolean): GridCell {
  const { tone, word } = stateWords(task.state);
  const health = taskHealth(task, isChecked);
  const words = `${isNew ? 'new' : 'old'}, ${word.toLowerCase()}${health === 'none' ? '' : `, ${health}`}`;
  const shown: EventTone = health === 'unhealthy' ? 'bad' : health === 'unknown' ? 'busy' : tone;
  return { taskId: task.id, isNew, tone: shown, words };
}

/** Whether a deployment is not over. */
export function isUnderWay({ outcome }: Pick<DeploymentRecord, 'outcome'>): boolean {
  return outcome === 'running' || outcome === 'paused' || outcome === 'canary';
}

/** How a deployment stands or ended, in a word. */
export function outcomeWords({ outcome, isRollBack }: Pick<DeploymentRecord, 'outcome' | 'isRollBack'>): {
  readonly tone: EventTone;
  readonly word: string;
} {
  switch (outcome) {
    case 'running':
      return { tone: 'busy', word: isRollBack ? 'Rolling back' : 'Under way' };
    case 'paused':
      return { tone: 'warn', word: 'Paused' };
    case 'canary':
      return { tone: 'warn', word: 'Canary waits' };
    case 'success':
      return { tone: 'good', word: isRollBack ? 'Rolled back' : 'Done' };
    case 'failed':
      return { tone: 'bad', word: 'Failed' };
  }
}

const CHANGES = { create: 'created', update: 'changed', remove: 'destroyed' };

/** What a deployment changes, in short: `instances, cmd`, or `created`. */
export function changeWords(changes: readonly AppDiff[]): string {
  const [first] = changes;
  if (first === undefined) return 'no difference';
  if (changes.length > 1) return `${String(changes.length)} apps`;
  if (first.change !== 'update') return CHANGES[first.change];
  const names = first.fields.map(({ path }) => path.slice(1).replaceAll('/', '.'));
  return names.length > 3 ? `${names.slice(0, 3).join(', ')} …` : names.join(', ') || 'restarted';
}

/** Who asked for a deployment, without all that a browser says of itself. */
export function callerWords(by: string): string {
  return by.replace(/\(Mozilla\/.*\)/, '(a browser)');
}
