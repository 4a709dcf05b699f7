/** Shapes that look alike and are not: two ideas whose members happen to have the same names. */

/**
 * `shapes` are two names, each `<path> <name>`; `reason` says why one declaration cannot serve both.
 * @typedef {{ readonly shapes: readonly [string, string], readonly reason: string }} AllowedLookAlike
 */

/** @type {readonly AllowedLookAlike[]} */
export const allowedLookAlikes = [
  {
    shapes: ['packages/contract/src/agent-link.ts AgentMessage', 'packages/contract/src/agent-link.ts MasterMessage'],
    reason:
      'An executor to its framework and a framework to its executor: the same words, told apart by `type` and by their ' +
      'direction.',
  },
  {
    shapes: ['packages/agent/src/core/checkpoint-record.ts StoredTask', 'packages/agent/src/core/task-model.ts Task'],
    reason:
      'What is stored leaves out what in memory is always there as undefined, so that all tasks have one shape. The reader ' +
      'converts, and does not compile when the two part.',
  },
  {
    shapes: [
      'packages/contract/src/orchestrator/app.ts Container',
      'packages/contract/src/orchestrator/app.ts AppInput.container',
    ],
    reason:
      'One is canonical, the other is as people send it, with the deprecated forms: each member has another type.',
  },
  {
    shapes: [
      'packages/contract/src/mesos/task.ts DiscoveryInfo.ports.ports',
      'packages/contract/src/orchestrator/app.ts AppInput.ipAddress.discovery.ports',
    ],
    reason: 'Mesos publishes one, Marathon once accepted the other: labels are a list there and a map here.',
  },
  {
    shapes: [
      'packages/contract/src/orchestrator/pod.ts PodDefinition',
      'packages/contract/src/orchestrator/pod.ts PodInput',
    ],
    reason:
      'One is canonical with every default, the other as people send it: what is required there is optional here.',
  },
  {
    shapes: [
      'packages/contract/src/orchestrator/pod.ts PodContainer',
      'packages/contract/src/orchestrator/pod.ts PodInput.containers',
    ],
    reason:
      'One is canonical with every default, the other as people send it: what is required there is optional here.',
  },
  {
    shapes: [
      'packages/contract/src/orchestrator/pod.ts PodScheduling',
      'packages/contract/src/orchestrator/pod.ts SchedulingInput',
    ],
    reason:
      'One is canonical with every default, the other as people send it: what is required there is optional here.',
  },
  {
    shapes: [
      'packages/orchestrator/src/core/pod/pod-tasks.ts PodTask',
      'packages/orchestrator/src/engine/records.ts PodTaskRecord',
    ],
    reason:
      'A record leaves out what in memory is undefined; the reader converts, and does not compile when the two part.',
  },
  {
    shapes: [
      'packages/contract/src/orchestrator/app.ts PortMapping',
      'packages/contract/src/orchestrator/pod.ts PodEndpoint',
    ],
    reason: 'Marathon has service ports for apps only, and a list of protocols for pods only.',
  },
];
