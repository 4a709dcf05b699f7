/** What state an app is in, from its row in the overview: the rules of Marathon's own console. */
import type { AppSummary } from '@stadion/contract/overview';

/** In the order in which they are looked for. */
export const APP_STATUSES = ['deploying', 'delayed', 'waiting', 'suspended', 'running'] as const;
export type AppStatus = (typeof APP_STATUSES)[number];

/** How its instances are, at worst. */
export const APP_HEALTHS = ['unhealthy', 'unknown', 'healthy', 'none'] as const;
export type AppHealth = (typeof APP_HEALTHS)[number];

/** Instances by what is known of them: the six segments of the health bar. */
export interface HealthSegments {
  readonly healthy: number;
  readonly unhealthy: number;
  readonly unknown: number;
  readonly staged: number;
  readonly over: number;
  readonly unscheduled: number;
}

type Counts = Pick<AppSummary, 'instances' | 'staged' | 'running' | 'healthy' | 'unhealthy'>;

/** Splits the instances of an app. Those beyond the wanted number are taken from the unknown ones first, then from the healthy. */
export function healthSegments({ instances, staged, running, healthy, unhealthy }: Counts): HealthSegments {
  const over = Math.max(0, running - instances);
  const unknown = Math.max(0, running - healthy - unhealthy);
  const fromUnknown = Math.min(over, unknown);
  return {
    healthy: Math.max(0, healthy - (over - fromUnknown)),
    unhealthy,
    unknown: unknown - fromUnknown,
    staged,
    over,
    unscheduled: Math.max(0, instances - running - staged),
  };
}

/** The status of an app. */
export function appStatus(app: AppSummary): AppStatus {
  if (app.waiting !== undefined && app.waiting.delaySeconds > 0) return 'delayed';
  if (app.waiting !== undefined && app.waiting.reason !== '') return 'waiting';
  if (app.deployments.length > 0) return 'deploying';
  if (app.waiting !== undefined) return 'waiting';
  if (app.instances === 0 && app.running + app.staged === 0) return 'suspended';
  return 'running';
}

/** The health of an app: the worst of its instances. Apps without checks have none to tell. */
export function appHealth(app: AppSummary): AppHealth {
  if (app.unhealthy > 0) return 'unhealthy';
  if (!app.checked || app.running === 0) return 'none';
  return app.healthy >= app.running ? 'healthy' : 'unknown';
}
