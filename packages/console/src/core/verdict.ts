/** Whether all apps are well, in one sentence and in numbers. Of nodes the list of nodes tells. */
import type { AppSummary } from '@stadion/contract/overview';
import { counted } from './amounts.ts';
import { APP_STATUSES, appHealth, appStatus, type AppStatus } from './app-state.ts';

/** The state of everything. */
export interface Verdict {
  readonly tone: 'good' | 'busy' | 'warn' | 'bad';
  readonly sentence: string;
  /** The same in a few words, of a length that hardly changes. */
  readonly short: string;
  readonly byStatus: Readonly<Record<AppStatus, number>>;
  readonly unhealthy: number;
  readonly instances: { readonly wanted: number; readonly running: number; readonly unhealthy: number };
  /** Apps that somebody should look at, the worst first. */
  readonly troubled: readonly AppSummary[];
}

/** Judges all apps. */
export function verdictOf(apps: readonly AppSummary[]): Verdict {
  const byStatus = Object.fromEntries(APP_STATUSES.map((status) => [status, 0])) as Record<AppStatus, number>;
  const instances = { wanted: 0, running: 0, unhealthy: 0 };
  const troubled: AppSummary[] = [];
  let unhealthy = 0;
  for (const app of apps) {
    const status = appStatus(app);
    byStatus[status] += 1;
    instances.wanted += app.instances;
    instances.running += app.running;
    instances.unhealthy += app.unhealthy;
    const isUnhealthy = appHealth(app) === 'unhealthy';
    if (isUnhealthy) unhealthy += 1;
    if (isUnhealthy || status === 'waiting' || status === 'delayed') troubled.push(app);
  }
  troubled.sort((left, right) => right.unhealthy - left.unhealthy || (left.id < right.id ? -1 : 1));
  return { ...judge(byStatus, unhealthy), byStatus, unhealthy, instances, troubled };
}

function judge(
  byStatus: Readonly<Record<AppStatus, number>>,
  unhealthy: number,
): Pick<Verdict, 'tone' | 'sentence' | 'short'> {
  const problems = [
    unhealthy > 0 ? `${counted(unhealthy, 'app')} unhealthy` : '',
    byStatus.delayed > 0 ? `${counted(byStatus.delayed, 'app')} held back after failures` : '',
    byStatus.waiting > 0 ? `${counted(byStatus.waiting, 'app')} waiting for a place` : '',
  ].filter((problem) => problem !== '');
  if (problems.length > 0) {
    const hasFailed = unhealthy + byStatus.delayed > 0;
    const apps = unhealthy + byStatus.delayed + byStatus.waiting;
    const short = apps === 1 ? '1 app needs attention' : `${counted(apps, 'app')} need attention`;
    return { tone: hasFailed ? 'bad' : 'warn', sentence: problems.join(', '), short };
  }
  const calm =
    byStatus.deploying > 0
      ? ({ tone: 'busy', sentence: `${counted(byStatus.deploying, 'app')} deploying` } as const)
      : ({ tone: 'good', sentence: 'All apps are well' } as const);
  return { ...calm, short: calm.sentence };
}
