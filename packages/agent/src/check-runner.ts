/** Runs the checks of all tasks: one schedule, a bounded number of probes at a time. */
import type { Clock, Timers } from '@stadion/base';
import type { HealthCheckInfo, ReadinessCheckInfo } from '@stadion/contract/mesos';
import type { CheckInfo } from '@stadion/contract/mesos-workload';
import { firstProbeDelayMs, type ProbeOutcome } from './core/health-check.ts';
import { judgeHealth, probeAddresses, toReadinessResponse, type ProbeAnswer } from './core/probe.ts';
import type { ReadinessResponse } from './core/readiness-check.ts';
import { DueSchedule } from './due-schedule.ts';
import { PROBES_MAX } from './limits.ts';
import type { Prober, ProbeRequest } from './ports/prober.ts';
import type { TaskEntry } from './task-table.ts';

/** An interval of zero would probe without a pause. */
const INTERVAL_MS_MIN = 100;

/** What the runner tells the agent. */
export interface CheckOwner {
  onHealthProbed(entry: TaskEntry, index: number, outcome: ProbeOutcome): void;
  onReadinessProbed(entry: TaskEntry, index: number, response: ReadinessResponse): void;
  onChecked(entry: TaskEntry, answer: ProbeAnswer): void;
  onTooLong(entry: TaskEntry): void;
  /** Directory, environment and user for COMMAND probes. */
  commandContext(
    entry: TaskEntry,
  ): Pick<Extract<ProbeRequest, { kind: 'command' }>, 'directory' | 'environment' | 'user'>;
}

interface Due {
  readonly entry: TaskEntry;
  readonly kind: 'health' | 'readiness' | 'check' | 'deadline';
  readonly index: number;
}

/** Checks of running tasks. A task that stops running drops out by itself. */
export class CheckRunner {
  private readonly time: Clock & Timers;
  private readonly prober: Prober;
  private readonly agentIp: string;
  private readonly owner: CheckOwner;
  private readonly schedule: DueSchedule<Due>;
  private readonly waiting: Due[] = [];
  private inFlight = 0;
  private stopped = false;

  constructor(ports: { time: Clock & Timers; prober: Prober; agentIp: string }, owner: CheckOwner) {
    this.time = ports.time;
    this.prober = ports.prober;
    this.agentIp = ports.agentIp;
    this.owner = owner;
    this.schedule = new DueSchedule(ports.time, (due) => {
      this.begin(due);
    });
  }

  /** Starts the checks of a task that runs: the first time, or after a restart of the agent. */
  watch(entry: TaskEntry): void {
    const { task } = entry;
    // A clock that was set back knows no better than that it runs: what is due waits for its whole delay, and no longer.
    const ranMs = Math.max(0, this.time.now() - (task.runningSince ?? this.time.now()));
    task.info.health_checks?.forEach((check, index) => {
      this.schedule.add(Math.max(0, firstProbeDelayMs(check) - ranMs), { entry, kind: 'health', index });
    });
    task.info.readiness_checks?.forEach((_check, index) => {
      if (task.readiness[index]?.ready !== true) this.schedule.add(0, { entry, kind: 'readiness', index });
    });
    const { check, max_completion_time: limit } = task.info;
    if (check !== undefined) {
      this.schedule.add(Math.max(0, check.delay_seconds * 1000 - ranMs), { entry, kind: 'check', index: 0 });
    }
    if (limit !== undefined) {
      this.schedule.add(limit.nanoseconds / 1e6 - ranMs, { entry, kind: 'deadline', index: 0 });
    }
  }

  stop(): void {
    this.stopped = true;
    this.schedule.clear();
    this.waiting.length = 0;
  }

  private begin(due: Due): void {
    if (this.stopped || due.entry.task.phase !== 'running') return;
    if (due.kind === 'deadline') {
      this.owner.onTooLong(due.entry);
      return;
    }
    if (this.inFlight >= PROBES_MAX) {
      // At most one of each check is ever due, so the line is as long as there are checks.
      this.waiting.push(due);
      return;
    }
    if (due.kind === 'check') {
      const { check } = due.entry.task.info;
      if (check !== undefined) this.probeStatus(due, check);
    } else if (due.kind === 'health') {
      const check = due.entry.task.info.health_checks?.[due.index];
      if (check !== undefined) this.probeHealth(due, check);
    } else {
      const check = due.entry.task.info.readiness_checks?.[due.index];
      if (check !== undefined) this.probeReadiness(due, check);
    }
  }

  private probeHealth(due: Due, check: HealthCheckInfo): void {
    this.probe(this.requestFor(due.entry, check), check.interval_seconds, due, (answer) => {
      this.owner.onHealthProbed(due.entry, due.index, judgeHealth(check, answer));
      return true;
    });
  }

  private probeStatus(due: Due, { command, ...check }: CheckInfo): void {
    const request = this.requestFor(due.entry, command === undefined ? check : { ...check, command: command.command });
    this.probe(request, check.interval_seconds, due, (answer) => {
      this.owner.onChecked(due.entry, answer);
      return true;
    });
  }

  private probeReadiness(due: Due, check: ReadinessCheckInfo): void {
    const request: ProbeRequest = {
      kind: 'http',
      scheme: check.scheme,
      addresses: probeAddresses(this.agentIp, undefined),
      port: check.port,
      path: check.path,
      timeoutMs: check.timeout_seconds * 1000,
      wantsBody: check.preserve_last_response,
    };
    this.probe(request, check.interval_seconds, due, (answer) => {
      this.owner.onReadinessProbed(due.entry, due.index, toReadinessResponse(answer));
      return due.entry.task.readiness[due.index]?.ready !== true;
    });
  }

  /** Runs one probe and schedules the next, an interval after this one began but not before it ended. */
  private probe(
    request: ProbeRequest,
    intervalSeconds: number,
    due: Due,
    onAnswer: (answer: ProbeAnswer) => boolean,
  ): void {
    const begunAt = this.time.monotonic();
    this.inFlight += 1;
    void this.prober.probe(request).then((answer) => {
      this.inFlight -= 1;
      if (this.stopped) return;
      if (due.entry.task.phase === 'running') {
        const again = onAnswer(answer);
        const intervalMs = Math.max(INTERVAL_MS_MIN, intervalSeconds * 1000);
        if (again) this.schedule.add(intervalMs - (this.time.monotonic() - begunAt), due);
      }
      this.beginWaiting();
    });
  }

  private beginWaiting(): void {
    while (this.inFlight < PROBES_MAX) {
      const next = this.waiting.shift();
      if (next === undefined) return;
      this.begin(next);
    }
  }

  private requestFor(
    entry: TaskEntry,
    check: Pick<HealthCheckInfo, 'type' | 'command' | 'http' | 'tcp' | 'timeout_seconds'>,
  ): ProbeRequest {
    const timeoutMs = check.timeout_seconds * 1000;
    switch (check.type) {
      case 'HTTP':
        return {
          kind: 'http',
          scheme: check.http?.scheme ?? 'http',
          addresses: probeAddresses(this.agentIp, check.http?.protocol),
          port: check.http?.port ?? 0,
          path: check.http?.path ?? '/',
          timeoutMs,
          wantsBody: false,
        };
      case 'TCP':
        return {
          kind: 'tcp',
          addresses: probeAddresses(this.agentIp, undefined),
          port: check.tcp?.port ?? 0,
          timeoutMs,
        };
      case 'COMMAND':
        return {
          kind: 'command',
          containerId: entry.task.containerId,
          command: check.command?.value ?? 'false',
          ...this.owner.commandContext(entry),
          timeoutMs,
        };
    }
  }
}
