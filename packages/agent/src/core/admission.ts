/** Which tasks this agent takes at all, and what their containers are started with. */
import type { ContainerInfo, TaskInfo } from '@stadion/contract/mesos';
import {
  CHECKS_PER_TASK_MAX,
  COMMAND_AND_ENVIRONMENT_BYTES_MAX,
  COMMAND_BYTES_MAX,
  TASK_ID_BYTES_MAX,
  URIS_PER_TASK_MAX,
} from '../limits.ts';
import { findVolumeProblem, type TaskPod } from './pod.ts';
import { chooseContainerizer, type WorkingContainerizers } from './containerizer-choice.ts';

/**
 * What a container runs: text for `/bin/sh -c`, a file with arguments, or what its image says, with other arguments for
 * the image's entrypoint where there are any.
 */
export type Command =
  | { readonly kind: 'shell'; readonly text: string }
  | { readonly kind: 'program'; readonly file: string; readonly arguments: readonly string[] }
  | { readonly kind: 'image'; readonly arguments: readonly string[] };

/**
 * Says in a sentence why a task cannot run here, or nothing.
 * @param working what works here
 * @param pod the pod that it belongs to
 */
export function findTaskProblem(task: TaskInfo, working: WorkingContainerizers, pod?: TaskPod): string | undefined {
  const choice = chooseContainerizer(task.container, working, pod?.executor.container);
  return (
    findIdProblem(task.task_id.value) ??
    (choice.ok ? undefined : choice.message) ??
    findVolumeProblem(task, pod) ??
    findCommandProblem(task) ??
    findCheckProblem(task)
  );
}

/** The same of a task that a custom executor runs: what it is made of is the executor's business. */
export function findExecutedProblem(task: TaskInfo): string | undefined {
  return findIdProblem(task.task_id.value);
}

/** The command of a task; its {@link findTaskProblem} was asked before. The first argument is argv[0] and not passed on. */
export function commandOf(task: TaskInfo): Command {
  const { command } = task;
  const value = command?.value ?? '';
  if (value === '' && imageOf(task.container) !== undefined) {
    return { kind: 'image', arguments: command?.arguments ?? [] };
  }
  if (command?.shell ?? true) return { kind: 'shell', text: value };
  return { kind: 'program', file: value, arguments: command?.arguments?.slice(1) ?? [] };
}

/** The image that a task runs in, or undefined when it runs on the machine's own files. */
export function imageOf(container: ContainerInfo | undefined): string | undefined {
  return container?.type === 'DOCKER' ? container.docker?.image : container?.mesos?.image?.docker?.name;
}

/** True when a name can be one segment of a path: ids of tasks, frameworks and agents name directories. */
export function isPathSegment(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !name.includes('/') && !hasControlCharacter(name);
}

function hasControlCharacter(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < 32 || code === 127) return true;
  }
  return false;
}

function findIdProblem(id: string): string | undefined {
  if (!isPathSegment(id)) {
    return 'The task id cannot be the name of a directory: no "/", "." or "..", no control characters';
  }
  // At most three bytes a UTF-16 unit: only long ids need to be looked at closer, and those are refused.
  if (id.length > TASK_ID_BYTES_MAX) return `The task id is longer than ${TASK_ID_BYTES_MAX} characters`;
  return undefined;
}

function findCommandProblem(task: TaskInfo): string | undefined {
  const { command } = task;
  const value = command?.value ?? '';
  if (value.trim() === '' && imageOf(task.container) === undefined) return 'The task has no command to run';
  if ((command?.uris?.length ?? 0) > URIS_PER_TASK_MAX) return `The task has more than ${URIS_PER_TASK_MAX} artifacts`;
  const texts = [value, ...(command?.arguments ?? [])];
  let size = texts.reduce((sum, text) => sum + text.length, 0);
  for (const variable of command?.environment?.variables ?? []) {
    if (variable.name === '' || variable.name.includes('=')) {
      return `The environment variable "${variable.name}" has an impossible name`;
    }
    const text = variable.value ?? '';
    texts.push(variable.name, text);
    size += variable.name.length + text.length;
  }
  if (texts.some((text) => text.includes('\0'))) return 'The command or its environment contains a NUL character';
  const longest = texts.reduce((most, text) => Math.max(most, text.length), 0);
  if (longest > COMMAND_BYTES_MAX || size > COMMAND_AND_ENVIRONMENT_BYTES_MAX) {
    return 'The command and its environment are longer than the system can start a process with';
  }
  return undefined;
}

function findCheckProblem(task: TaskInfo): string | undefined {
  const checks =
    (task.health_checks?.length ?? 0) + (task.readiness_checks?.length ?? 0) + Number(task.check !== undefined);
  return checks > CHECKS_PER_TASK_MAX ? `The task has more than ${CHECKS_PER_TASK_MAX} checks` : undefined;
}
