/** `/frameworks`, and the frameworks within `/state`: each with all its tasks, written task by task. */
import type { FrameworkRecord } from '../core/cluster/records.ts';
import type { ClusterView } from '../core/cluster/state.ts';
import { legacyResources } from '../core/resources/resource-format.ts';
import { arrayOfPieces, arrayPieces, objectPieces } from './json-pieces.ts';
import { frameworkJson, offerJson } from './shapes/framework-json.ts';
import { taskJson } from './shapes/task-json.ts';

/** `{frameworks, completed_frameworks, unregistered_frameworks}`, with `frameworkId` only that one. */
export function frameworksPieces(view: ClusterView, frameworkId: string | undefined): Generator<string> {
  const wanted = ({ id }: FrameworkRecord): boolean => frameworkId === undefined || id === frameworkId;
  return objectPieces({
    frameworks: frameworkListPieces(view, [...view.frameworks.values()].filter(wanted)),
    completed_frameworks: frameworkListPieces(view, [...view.completedFrameworks].filter(wanted)),
    unregistered_frameworks: [],
  });
}

/** An array of frameworks. Which tasks they have is fixed at the call; their states are those of when they are written. */
export function frameworkListPieces(view: ClusterView, frameworks: readonly FrameworkRecord[]): Generator<string> {
  const executors = executorsByFramework(view);
  return arrayOfPieces(frameworks.map((framework) => frameworkPieces(framework, executors.get(framework.id) ?? [])));
}

/** Executors of pods and of frameworks' own; the agent's own way to run a command is none. */
function executorsByFramework(view: ClusterView): ReadonlyMap<string, object[]> {
  const found = new Map<string, object[]>();
  for (const agent of view.agents.values()) {
    for (const { id, frameworkId, info, resources, role } of agent.executors.values()) {
      const list = found.get(frameworkId) ?? [];
      list.push({
        executor_id: id,
        name: info.name ?? '',
        framework_id: frameworkId,
        command: {
          value: info.command?.value ?? '',
          argv: info.command?.arguments ?? [],
          uris: info.command?.uris ?? [],
        },
        resources: legacyResources(resources),
        role,
        type: info.type ?? 'CUSTOM',
        slave_id: agent.id,
      });
      found.set(frameworkId, list);
    }
  }
  return found;
}

function frameworkPieces(framework: FrameworkRecord, executors: readonly object[]): Generator<string> {
  return objectPieces({
    ...frameworkJson(framework),
    tasks: arrayPieces([...framework.tasks.values()], taskJson),
    unreachable_tasks: arrayPieces([...framework.unreachableTasks.values()], taskJson),
    completed_tasks: arrayPieces([...framework.completedTasks], taskJson),
    offers: arrayPieces([...framework.offers], offerJson),
    executors: arrayPieces(executors, (executor) => executor),
  });
}
