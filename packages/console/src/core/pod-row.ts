/** Pods among the apps: as rows of the same list. */
import type { AppSummary, InstanceSummary } from '@stadion/contract/overview';
import type { PodInstanceStatus, PodStatus } from '@stadion/contract/orchestrator-pods';
import type { EventTone } from './event-words.ts';

/** An app, or a pod that is listed like one. */
export type ListedApp = AppSummary & { readonly isPod?: true };

/** A pod in short. Resources are those of one instance, with all containers. */
export function podSummary({ id, spec, instances }: PodStatus, deployments: readonly string[]): ListedApp {
  const counted = { staged: 0, running: 0, healthy: 0, unhealthy: 0 };
  const isChecked = spec.containers.some(({ healthCheck }) => healthCheck !== undefined);
  for (const { status } of instances) {
    if (status === 'PENDING' || status === 'STAGING') counted.staged += 1;
    if (status === 'STABLE' || status === 'DEGRADED') counted.running += 1;
    if (isChecked && status === 'STABLE') counted.healthy += 1;
    if (status === 'DEGRADED') counted.unhealthy += 1;
  }
  const total = { cpus: 0, mem: 0, disk: 0, gpus: 0 };
  for (const { resources } of spec.containers) {
    for (const name of Object.keys(total) as (keyof typeof total)[]) total[name] += resources[name];
  }
  return {
    isPod: true,
    id,
    version: spec.version,
    configuredAt: spec.version,
    instances: spec.scaling.instances,
    ...total,
    labels: spec.labels ?? {},
    ...counted,
    checked: isChecked,
    deployments: [...deployments],
  };
}

/** The instances of pods as those of apps are listed: each stands for its containers, and is named by the first. */
export function podInstanceSummaries(pods: readonly PodStatus[], onlyOn?: string): readonly InstanceSummary[] {
  return pods.flatMap(({ id: appId, instances }) =>
    instances.flatMap(({ agentId, agentHostname: host = '', status, statusSince, containers, specReference, id }) => {
      if (agentId === undefined || (onlyOn !== undefined && agentId !== onlyOn)) return [];
      const summary: InstanceSummary = {
        taskId: containers[0]?.containerId ?? id,
        appId,
        host,
        agentId,
        condition: CONDITIONS[status],
        ...(status === 'DEGRADED' ? { healthy: false } : {}),
        version: specReference.slice(specReference.lastIndexOf('/') + 1),
        startedAt: statusSince,
      };
      return [summary];
    }),
  );
}

const CONDITIONS: Readonly<Record<PodInstanceStatus['status'], InstanceSummary['condition']>> = {
  PENDING: 'Scheduled',
  STAGING: 'Staging',
  STABLE: 'Running',
  DEGRADED: 'Running',
  TERMINAL: 'Killing',
};

const STATES: Readonly<Record<PodInstanceStatus['status'], { readonly tone: EventTone; readonly word: string }>> = {
  PENDING: { tone: 'busy', word: 'Pending' },
  STAGING: { tone: 'busy', word: 'Coming up' },
  STABLE: { tone: 'good', word: 'Stable' },
  DEGRADED: { tone: 'bad', word: 'Degraded' },
  TERMINAL: { tone: 'idle', word: 'Ended' },
};

/** How an instance of a pod is, in a word. */
export function podInstanceWords(status: PodInstanceStatus['status']): {
  readonly tone: EventTone;
  readonly word: string;
} {
  return STATES[status];
}

/** The tone of a container's state, which Mesos names. */
export function containerTone(status: string): EventTone {
  if (status.includes('RUNNING')) return 'good';
  if (/FAILED|ERROR|LOST|GONE/.test(status)) return 'bad';
  return /FINISHED|KILLED/.test(status) ? 'idle' : 'busy';
}
