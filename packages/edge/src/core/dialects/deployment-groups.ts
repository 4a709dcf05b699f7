/**
 * Blue and green by marathon-lb's labels: two apps of one HAPROXY_DEPLOYMENT_GROUP are one service. The older one supplies
 * the labels until it is deleted; as new instances become healthy, as many old ones stop getting requests.
 */
import type { AppView, Instance } from '../app-view.ts';

const GROUP = 'HAPROXY_DEPLOYMENT_GROUP';
const STARTED_AT = 'HAPROXY_DEPLOYMENT_STARTED_AT';
const NEW_INSTANCES = 'HAPROXY_DEPLOYMENT_NEW_INSTANCES';
const TARGET_INSTANCES = 'HAPROXY_DEPLOYMENT_TARGET_INSTANCES';

/** The deployment group of an app, if it is in one. */
export function deploymentGroupOf(app: AppView): string | undefined {
  const group = app.labels[GROUP]?.trim();
  return group === undefined || group === '' ? undefined : group;
}

/**
 * The apps of one group as one app, named after the group so that its service keeps its name through all colours.
 * @param members all of one group, at least one
 */
export function mergeDeploymentGroup(group: string, members: readonly AppView[]): AppView | undefined {
  const [old, ...newer] = [...members].sort((one, other) => compareAge(one, other));
  if (old === undefined) return undefined;
  const id = `/${group}`;
  const [next] = newer;
  if (next === undefined) return { ...old, id };
  const oldOnes = [...old.instances].sort((one, other) => (one.taskId < other.taskId ? -1 : 1));
  const healthyNew = newer.flatMap(({ instances }) => instances.filter(({ isDraining }) => !isDraining));
  const drained = drainCount(old, next, oldOnes.length, healthyNew.length);
  const instances: Instance[] = [
    ...oldOnes.map((instance, index) => (index < drained ? { ...instance, isDraining: true } : instance)),
    ...newer.flatMap((app) => app.instances),
  ];
  return { ...old, id, instances };
}

/** How many old instances stop getting requests. */
function drainCount(old: AppView, next: AppView, oldTasks: number, healthyNew: number): number {
  const target = next.labels[NEW_INSTANCES] === undefined ? 1 : numberOf(next.labels[TARGET_INSTANCES], 1);
  return Math.min(oldTasks, healthyNew, Math.max(0, healthyNew + old.wanted - target));
}

function numberOf(text: string | undefined, fallback: number): number {
  return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) : fallback;
}

/** Older first: by the label, a missing one oldest; in a hybrid (NEW_INSTANCES) by the last scaling. */
function compareAge(one: AppView, other: AppView): number {
  const isHybrid = [one, other].some(({ labels }) => numberOf(labels[NEW_INSTANCES], 0) > 0);
  const key = (app: AppView): string => (isHybrid ? app.lastScalingAt : app.labels[STARTED_AT]) ?? '';
  return key(one) < key(other) ? -1 : key(one) > key(other) ? 1 : one.id < other.id ? -1 : 1;
}
