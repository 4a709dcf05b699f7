/** Why something waits: one answer from everything that is known. */
import type { AppDefinition, QueueItem, TaskFailure } from '@stadion/contract/orchestrator';
import type { WhyAnswer } from '@stadion/contract/orchestrator-extensions';
import { whyServing } from './health.ts';
import type { Instance } from './instance.ts';

type Reason = WhyAnswer['reasons'][number];

/** What is known of one app. */
export interface AppFacts {
  readonly app: AppDefinition;
  readonly instances: readonly Instance[];
  readonly definitionOf: (instance: Instance) => AppDefinition | undefined;
  /** What of it waits for a place. */
  readonly queued: QueueItem | undefined;
  /** How the last of its tasks to fail did, or why the master refused the last launch. */
  readonly lastFailure: TaskFailure | undefined;
  /** Deployments that hold it, each with the step under way and how it stands. */
  readonly holders: readonly DeploymentFacts[];
}

/** What is known of one deployment under way. */
export interface DeploymentFacts {
  readonly id: string;
  readonly outcome: string;
  /** Those that whoever asks may know of. */
  readonly currentApps: readonly string[];
}

/** What is said of an instance that runs and does not serve, and what helps. */
const NOT_SERVING: Readonly<Partial<Record<ReturnType<typeof whyServing>, readonly [string, string]>>> = {
  starting: [
    'launched, but not running yet',
    'Look at the log: artifacts may be large, or the image still on its way.',
  ],
  unhealthy: ['running, and their health checks fail', 'Look at the log and at what the check asks for.'],
  'health-unknown': [
    'running, and their health checks have not answered yet',
    'The first answer comes after delaySeconds or intervalSeconds.',
  ],
  'not-ready': ['running, and their readiness checks have not passed', 'Look at the answer of the readiness check.'],
  draining: ['on their way out and finish what they do', 'Killing a task ends its drain time at once.'],
  killing: ['asked to stop and still there', 'taskKillGracePeriodSeconds says how long one may take.'],
  unreachable: ['on agents out of contact', 'unreachableStrategy says when they are replaced.'],
  frozen: ['frozen, to be looked at', 'Kill a frozen task when it was looked at.'],
};

/** Why an app is not as it shall be. */
export function whyApp({ app, instances, definitionOf, queued, lastFailure, holders }: AppFacts): WhyAnswer {
  const reasons: Reason[] = [];
  for (const holder of holders) {
    if (holder.outcome === 'paused') {
      reasons.push(reason(app.id, 1, `its deployment ${holder.id} is paused`, 'Resume the deployment, or fail it.'));
    } else if (holder.outcome === 'canary') {
      const message = `the canary of its deployment ${holder.id} waits to be promoted`;
      reasons.push(reason(app.id, 1, message, 'Look at the canary, then promote the deployment, or fail it.'));
    } else if (!holder.currentApps.includes(app.id)) {
      const others = holder.currentApps.slice(0, 3).join(', ');
      const message = `its turn in deployment ${holder.id} comes ${others === '' ? 'later' : `after ${others}`}`;
      reasons.push(reason(app.id, 1, message, 'What it depends on comes first: see why those wait.'));
    }
  }
  if (queued !== undefined) {
    const message = queued.why?.summary ?? `${String(queued.count)} wait for a place`;
    const isPausing = !queued.delay.overdue && lastFailure !== undefined;
    const details = queued.why?.reasons.map((one) => one.message).join('; ') ?? '';
    reasons.push(reason(app.id, queued.count, message, isPausing ? describeFailure(lastFailure) : details));
  }
  const counts = new Map<ReturnType<typeof whyServing>, number>();
  for (const instance of instances) {
    if (instance.place === undefined) continue;
    const why = whyServing(instance, definitionOf(instance));
    counts.set(why, (counts.get(why) ?? 0) + 1);
  }
  for (const [why, count] of counts) {
    const said = NOT_SERVING[why];
    if (said !== undefined) reasons.push(reason(app.id, count, `${String(count)} ${said[0]}`, said[1]));
  }
  return answer(reasons, `${app.id} waits for nothing`);
}

/** Why a deployment is not done: that it is held, and what the apps of its step wait for. */
export function whyDeployment(deployment: DeploymentFacts, apps: readonly WhyAnswer[]): WhyAnswer {
  const seen = new Set<string>();
  const reasons = apps
    .flatMap((app) => app.reasons)
    .filter(({ app, message }) => {
      const key = `${app} ${message}`;
      if (seen.has(key)) return false;
      seen.add(key);
      return true;
    });
  return answer(reasons, `Deployment ${deployment.id} is about to go on`);
}

/** Whether one task serves, and why not. */
export function whyInstance(instance: Instance, definition: AppDefinition | undefined): WhyAnswer {
  const said = NOT_SERVING[whyServing(instance, definition)];
  const reasons = said === undefined ? [] : [reason(instance.appId, 1, `it is one of those ${said[0]}`, said[1])];
  return answer(reasons, 'It serves');
}

/** The cause of a pause: what has to be mended is in the message. */
function describeFailure({ state, message, host }: TaskFailure): string {
  const where = host === '' ? '' : ` on ${host}`;
  return `The last one${where} was ${state}${message === '' ? '' : `: ${message}`}`;
}

function reason(app: string, count: number, message: string, help: string): Reason {
  return { app, count, message, ...(help !== '' && { help }) };
}

function answer(reasons: readonly Reason[], otherwise: string): WhyAnswer {
  const [first, ...others] = reasons;
  if (first === undefined) return { isWaiting: false, summary: `${otherwise}.`, reasons: [] };
  const more = others.length === 0 ? '' : ` (and ${String(others.length)} more)`;
  return { isWaiting: true, summary: `${first.app}: ${first.message}${more}`, reasons: [...reasons] };
}
