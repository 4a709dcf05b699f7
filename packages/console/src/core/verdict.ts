/** Whether all apps are well, and the nodes below them, in one sentence and in numbers. */
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

/** How many nodes are not as they should be. */
export interface NodeCounts {
  /** Given up: what ran there is replaced. */
  readonly outOfContact: number;
  /** Not heard of at this moment. */
  readonly silent: number;
  /** Cordoned, draining or drained, as somebody wanted it. */
  readonly setAside: number;
}

/** Reads them from a master's numbers; undefined while there are none. */
export function nodeCountsOf(metrics: Readonly<Record<string, number>> | undefined): NodeCounts | undefined {
  if (metrics === undefined) return undefined;
  const value = (name: string): number => metrics[`master/slaves_${name}`] ?? 0;
  const silent = value('disconnected');
  return { outOfContact: value('unreachable'), silent, setAside: Math.max(0, value('inactive') - silent) };
}

/** Judges all apps. @param nodes undefined where nobody says how they are */
export function verdictOf(apps: readonly AppSummary[], nodes?: NodeCounts): Verdict {
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
  const judged = withNodes(judge(byStatus, unhealthy), nodes);
  return { ...judged, byStatus, unhealthy, instances, troubled };
}

type Judged = Pick<Verdict, 'tone' | 'sentence' | 'short'>;

/** What is wrong with nodes comes behind what is wrong with apps, and before that all is well with them. */
function withNodes(apps: Judged, nodes: NodeCounts | undefined): Judged {
  if (nodes === undefined) return apps;
  const { outOfContact, silent, setAside } = nodes;
  const problems = [
    outOfContact > 0 ? `${counted(outOfContact, 'node')} out of contact` : '',
    silent > 0 ? `${counted(silent, 'node')} not answering` : '',
  ].filter((problem) => problem !== '');
  const wanted = setAside > 0 ? [`${counted(setAside, 'node')} set aside`] : [];
  const tone = outOfContact > 0 ? 'bad' : 'warn';
  const isCalm = apps.tone === 'good' || apps.tone === 'busy';
  if (problems.length === 0) return { ...apps, sentence: [apps.sentence, ...wanted].join(', ') };
  const parts = isCalm ? [...problems, apps.sentence.replace(/^All/, 'all')] : [apps.sentence, ...problems];
  return {
    tone: isCalm || tone === 'bad' ? tone : apps.tone,
    sentence: [...parts, ...wanted].join(', '),
    short: isCalm ? (problems[0] ?? apps.short) : apps.short,
  };
}

function judge(byStatus: Readonly<Record<AppStatus, number>>, unhealthy: number): Judged {
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
