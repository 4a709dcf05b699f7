/** `/frameworks`, and the frameworks within `/state`: each with all its tasks, written task by task. */
import type { FrameworkRecord } from '../core/cluster/records.ts';
import type { ClusterView } from '../core/cluster/state.ts';
import { arrayOfPieces, arrayPieces, objectPieces } from './json-pieces.ts';
import { frameworkJson, offerJson } from './shapes/framework-json.ts';
import { taskJson } from './shapes/task-json.ts';

/** `{frameworks, completed_frameworks, unregistered_frameworks}`, with `frameworkId` only that one. */
export function frameworksPieces(view: ClusterView, frameworkId: string | undefined): Generator<string> {
  const wanted = ({ id }: FrameworkRecord): boolean => frameworkId === undefined || id === frameworkId;
  return objectPieces({
    frameworks: frameworkListPieces([...view.frameworks.values()].filter(wanted)),
    completed_frameworks: frameworkListPieces([...view.completedFrameworks].filter(wanted)),
    unregistered_frameworks: [],
  });
}

/** An array of frameworks. Which tasks they have is fixed at the call; their states are those of when they are written. */
export function frameworkListPieces(frameworks: readonly FrameworkRecord[]): Generator<string> {
  return arrayOfPieces(frameworks.map(frameworkPieces));
}

function frameworkPieces(framework: FrameworkRecord): Generator<string> {
  return objectPieces({
    ...frameworkJson(framework),
    tasks: arrayPieces([...framework.tasks.values()], taskJson),
    unreachable_tasks: arrayPieces([...framework.unreachableTasks.values()], taskJson),
    completed_tasks: arrayPieces([...framework.completedTasks], taskJson),
    offers: arrayPieces([...framework.offers], offerJson),
    executors: [],
  });
}
