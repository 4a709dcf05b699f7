/** How simulated tasks behave: how they start, fail, end, answer probes and take being told to stop. */
import { randomBelow, randomFraction, type Random } from '@stadion/base';
import type { FakeBehaviour, MemoryProber } from '@stadion/agent';
import type { Sickness, StartedContainer } from './started-container.ts';

/** How tasks misbehave by themselves. Probabilities per task, in [0, 1]. */
export interface TaskFaults {
  launchFailureProbability: number;
  exitProbability: number;
  /** Fails its health checks for a while. */
  sicknessProbability: number;
  /** Whether versions that are broken on purpose (variable BROKEN) show it. */
  showsBrokenVersions: boolean;
}

/** What is wrong with a version that is broken on purpose. */
export const BREAKAGES = ['unhealthy', 'unready', 'crashing'] as const;

/** Where health checks and readiness checks ask. */
export const HEALTH_PATH = '/health';
export const READINESS_PATH = '/ready';

type ProbeRequest = Parameters<MemoryProber['probe']>[0];
type ProbeAnswer = Awaited<ReturnType<MemoryProber['probe']>>;

/** Decides how a container behaves that is about to start. */
export function drawBehaviour(random: Random, faults: TaskFaults, broken: string | undefined): FakeBehaviour {
  if (randomFraction(random) < faults.launchFailureProbability) return { launchFailure: 'The simulated launch failed' };
  const gracefully = { afterMs: randomBelow(random, 5_000), exit: { kind: 'exited', code: 0 } } as const;
  const onTerminate = randomBelow(random, 10) === 0 ? 'ignore' : gracefully;
  if (broken === 'crashing' && faults.showsBrokenVersions) {
    return { onTerminate, exit: { afterMs: randomBelow(random, 3_000), exit: { kind: 'exited', code: 1 } } };
  }
  if (randomFraction(random) >= faults.exitProbability) return { onTerminate };
  const afterMs = randomBelow(random, 120_000);
  return { onTerminate, exit: { afterMs, exit: { kind: 'exited', code: randomBelow(random, 2) } } };
}

/** Decides when a container will be sick, if at all. */
export function drawSickness(random: Random, faults: TaskFaults): Sickness | undefined {
  if (randomFraction(random) >= faults.sicknessProbability) return undefined;
  const fromMs = randomBelow(random, 60_000);
  return { fromMs, untilMs: fromMs + randomBelow(random, 60_000) };
}

/** What the task in a container answers; undefined: nothing listens there. */
export function answerProbe(
  request: ProbeRequest,
  container: StartedContainer | undefined,
  faults: TaskFaults,
  nowMs: number,
): ProbeAnswer {
  if (container === undefined) return { kind: 'failed', cause: 'connection refused' };
  const isReadiness = request.kind === 'http' && request.path === READINESS_PATH;
  const isGood = isReadiness ? isReady(container, faults, nowMs) : isHealthy(container, faults, nowMs);
  switch (request.kind) {
    case 'http':
      return { kind: 'http', status: isGood ? 200 : 503, contentType: 'text/plain', body: '' };
    case 'tcp':
      return isGood ? { kind: 'tcp' } : { kind: 'failed', cause: 'connection refused' };
    case 'command':
      return { kind: 'command', exitCode: isGood ? 0 : 1 };
  }
}

function isHealthy({ broken, sickness, startedAt }: StartedContainer, faults: TaskFaults, nowMs: number): boolean {
  if (broken === 'unhealthy' && faults.showsBrokenVersions) return false;
  const age = nowMs - startedAt;
  return sickness === undefined || faults.sicknessProbability === 0 || age < sickness.fromMs || age >= sickness.untilMs;
}

function isReady({ broken, startedAt, readyAfterMs }: StartedContainer, faults: TaskFaults, nowMs: number): boolean {
  if (broken === 'unready' && faults.showsBrokenVersions) return false;
  return nowMs - startedAt >= readyAfterMs;
}
