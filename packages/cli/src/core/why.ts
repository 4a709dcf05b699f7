/** One readable answer to "why does this app not run as it should?". */
import type { AppInfo, DeploymentInfo, QueueItem } from '@stadion/contract/orchestrator';
import { conditionOf, readyCount, type AppCondition } from './app-condition.ts';
import { formatAge, formatDuration } from './durations.ts';

/** The answer, for people and for programs. */
export interface WhyAnswer {
  readonly app: string;
  readonly condition: AppCondition;
  /** One sentence. */
  readonly summary: string;
  /** What else is known, one fact a line. */
  readonly facts: readonly string[];
}

/** What was asked of the orchestrator. */
export interface WhyInput {
  readonly app: AppInfo;
  readonly queued: QueueItem | undefined;
  readonly deployments: readonly DeploymentInfo[];
  /** Wall clock, milliseconds since the epoch. */
  readonly nowMs: number;
}

/** Puts queue, deployments, health and the last failure together. */
export function explain(input: WhyInput): WhyAnswer {
  const condition = conditionOf(input.app, input.queued);
  const facts = [
    ...queueFacts(input.queued, input.nowMs),
    ...nearestFacts(input.queued),
    ...input.deployments.map((deployment) => deploymentFact(input.app, deployment)),
    ...healthFacts(input.app),
    ...failureFacts(input.app, input.nowMs),
  ];
  return { app: input.app.id, condition, summary: summarize(input, condition), facts };
}

/** Why instances wait, in a few words; undefined when nothing waits. */
export function waitingReason(queued: QueueItem | undefined): string | undefined {
  if (queued === undefined || queued.count === 0) return undefined;
  if (queued.delay.timeLeftSeconds > 0) return 'instances end too soon, so the next one starts later';
  const [reason, second] = queued.why?.reasons ?? [];
  if (reason !== undefined && second === undefined) return reason.message;
  if (queued.why !== undefined && queued.why.summary !== '') return queued.why.summary;
  const rejects = queued.processedOffersSummary.rejectSummaryLastOffers.filter((reject) => reject.declined > 0);
  if (rejects.length > 0) {
    return `no offer fits: ${rejects.map(({ reason, declined }) => `${reason} (${declined})`).join(', ')}`;
  }
  return queued.processedOffersSummary.processedOffersCount === 0 ? 'no offers from agents yet' : undefined;
}

function summarize({ app, queued }: WhyInput, condition: AppCondition): string {
  const ready = readyCount(app);
  const wanted = `${ready} of ${app.instances} instances`;
  switch (condition) {
    case 'waiting':
      return waitingReason(queued) ?? `${queued?.count ?? 0} instances wait for a place`;
    case 'failing':
      return waitingReason(queued) ?? 'instances end too soon';
    case 'unhealthy':
      return `${app.tasksUnhealthy ?? 0} of ${app.instances} instances fail their health checks`;
    case 'degraded':
      return `${wanted} work`;
    case 'deploying':
      return `a deployment is under way, ${wanted} work`;
    case 'suspended':
      return `it is suspended: 0 instances are wanted. Start it with: stadion app scale ${app.id} 1`;
    case 'running':
      return `it runs as it should: ${wanted} work`;
  }
}

function queueFacts(queued: QueueItem | undefined, nowMs: number): string[] {
  if (queued === undefined || queued.count === 0) return [];
  const { processedOffersSummary: offers, why, delay } = queued;
  const facts = [`${queued.count} waiting for ${formatAge(queued.since, nowMs)}`];
  if (delay.timeLeftSeconds > 0) {
    return [...facts, `the next start is in ${formatDuration(delay.timeLeftSeconds * 1000)}`];
  }
  const reasons = why?.reasons ?? [];
  for (const { agents, message, examples } of reasons) {
    const hosts = examples.length === 0 ? '' : ` (e.g. ${examples.join(', ')})`;
    // The only reason is the summary already.
    facts.push(`${plural(agents, 'agent')} ${reasons.length === 1 ? 'examined' : `refused: ${message}`}${hosts}`);
  }
  if (reasons.length === 0) {
    facts.push(`${offers.processedOffersCount} offers examined, ${offers.unusedOffersCount} not used`);
  }
  return facts;
}

function nearestFacts(queued: QueueItem | undefined): string[] {
  const nearest = queued?.why?.nearest;
  if (nearest === undefined) return [];
  const { hostname, lacks } = nearest;
  const amounts = [
    [lacks.cpus, 'cpus'],
    [lacks.mem, 'MiB mem'],
    [lacks.disk, 'MiB disk'],
    [lacks.gpus, 'gpus'],
  ] as const;
  const parts = amounts.flatMap(([amount, unit]) => (amount === undefined ? [] : [`${amount} ${unit}`]));
  return [`least is wanting on ${hostname}: ${parts.join(', ')}`];
}

function deploymentFact(app: AppInfo, deployment: DeploymentInfo): string {
  const action = deployment.currentActions.find((current) => current.app === app.id)?.action;
  const step = `step ${deployment.currentStep} of ${deployment.totalSteps}`;
  return `deployment ${deployment.id}: ${step}${action === undefined ? '' : `, ${action}`}`;
}

function healthFacts(app: AppInfo): string[] {
  return (app.tasks ?? []).flatMap((task) =>
    task.healthCheckResults
      .filter((result) => !result.alive && result.consecutiveFailures > 0)
      .map((result) => {
        const cause = result.lastFailureCause === undefined ? '' : `: ${result.lastFailureCause}`;
        return `${task.id} on ${task.host}: health check failed ${plural(result.consecutiveFailures, 'time')}${cause}`;
      }),
  );
}

function failureFacts(app: AppInfo, nowMs: number): string[] {
  const failure = app.lastTaskFailure;
  if (failure === undefined) return [];
  const age = formatAge(failure.timestamp, nowMs);
  return [`last failure ${age} ago on ${failure.host}: ${failure.state} ${failure.message} (${failure.taskId})`];
}

/** `1 agent`, `2 agents`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
