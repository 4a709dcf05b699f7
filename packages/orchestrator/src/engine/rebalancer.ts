/** Carries out moves of instances within a budget. They are kept in memory: a new leader knows of none. */
import { every, randomUuid, type Clock, type Random, type TimerHandle, type Timers } from '@stadion/base';
import type { RebalanceRun } from '@stadion/contract/rebalance';
import { formatTimestamp } from '../core/app/timestamp.ts';
import { serves } from '../core/health.ts';
import type { Instance } from '../core/instance.ts';
import { MoveRun, type MoveProgress, type MoveScene, type OrderedMove } from '../core/rebalance/move-run.ts';
import type { InstanceMoves, Outcome } from '../engine.ts';
import type { Fleet } from './fleet.ts';
import { MOVES_LOOK_MS } from './limits.ts';
import type { RootState } from './root-state.ts';

interface RebalancerParts {
  readonly time: Clock & Timers;
  readonly random: Random;
  readonly fleet: Fleet;
  readonly root: RootState;
  /** Whether a deployment has an app. */
  readonly isLocked: (appId: string) => boolean;
  /** Whether instances are to leave an agent anyway. */
  readonly isDeparting: (agentId: string) => boolean;
  readonly turn: (work: () => void) => void;
}

interface Under {
  readonly id: string;
  readonly run: MoveRun;
  readonly movesPerMinute: number;
  readonly startedAt: number;
  endedAt?: number;
}

/** One per engine. */
export class Rebalancer implements InstanceMoves, MoveScene {
  private readonly parts: RebalancerParts;
  private last: Under | undefined;
  private timer: TimerHandle | undefined;

  constructor(parts: RebalancerParts) {
    this.parts = parts;
  }

  begin(moves: readonly OrderedMove[], movesPerMinute: number): Outcome<RebalanceRun> {
    const { time, random, turn } = this.parts;
    const state = this.last?.run.state;
    if (state === 'running' || state === 'stopping') {
      const message = 'A rebalance is under way. Wait for its end or stop it first.';
      return { ok: false, rejection: { kind: 'exists', message } };
    }
    const run = new MoveRun(moves, movesPerMinute, time.monotonic());
    this.last = { id: randomUuid(random), run, movesPerMinute, startedAt: time.now() };
    this.timer = every(time, MOVES_LOOK_MS, () => {
      turn(() => {
        this.look();
      });
    });
    turn(() => {
      this.look();
    });
    return { ok: true, value: shown(this.last) };
  }

  end(): Outcome<RebalanceRun> {
    const { last } = this;
    if (last === undefined) return { ok: false, rejection: NO_RUN };
    this.parts.turn(() => {
      if (last.endedAt === undefined) last.run.stop();
      this.look();
    });
    return { ok: true, value: shown(last) };
  }

  current(): RebalanceRun | undefined {
    return this.last && shown(this.last);
  }

  /** The move of an app that has begun and not ended. */
  of(appId: string): MoveProgress | undefined {
    return this.last?.run.of(appId);
  }

  /** Whether an instance is being moved, and serves: one that does not is no burden to whoever counts on it. */
  isMoving(instance: Instance): boolean {
    return this.of(instance.appId)?.instanceId === instance.id && this.isServing(instance);
  }

  /** Another instance is up in the place of this one, and it was told to go. */
  left(instance: Instance): void {
    if (this.of(instance.appId)?.instanceId === instance.id) {
      this.last?.run.left(instance.appId, this.parts.time.monotonic());
    }
  }

  stop(): void {
    this.timer?.cancel();
  }

  isUpOn(instanceId: string, agentId: string): boolean {
    const instance = this.parts.fleet.instance(instanceId);
    return instance?.goal === 'Running' && instance.place?.agentId === agentId && this.isServing(instance);
  }

  isSettled(appId: string): boolean {
    const app = this.parts.fleet.find(appId);
    const wanted = this.parts.root.spec(appId)?.instances;
    return app?.active === wanted && app?.scheduled.size === 0 && app.leaving === 0;
  }

  isHeld(appId: string): boolean {
    const { fleet, isDeparting, isLocked } = this.parts;
    if (isLocked(appId)) return true;
    for (const { place } of fleet.find(appId)?.all.values() ?? []) {
      if (place !== undefined && isDeparting(place.agentId)) return true;
    }
    return false;
  }

  waiting(appId: string): number {
    return this.parts.fleet.find(appId)?.scheduled.size ?? 0;
  }

  private isServing(instance: Instance): boolean {
    return serves(instance, this.parts.root.appAtVersion(instance.appId, instance.appVersion));
  }

  /** Inside a turn. */
  private look(): void {
    const { last } = this;
    if (last === undefined || last.endedAt !== undefined) return;
    const { fleet, time } = this.parts;
    for (const appId of last.run.look(time.monotonic(), this)) fleet.dirty.add(appId);
    const { state } = last.run;
    if (state === 'running' || state === 'stopping') return;
    last.endedAt = time.now();
    this.timer?.cancel();
  }
}

const NO_RUN = { kind: 'not-found', message: 'No rebalance was begun since this server leads.' } as const;

function shown({ id, run, movesPerMinute, startedAt, endedAt }: Under): RebalanceRun {
  return {
    id,
    state: run.state,
    movesPerMinute,
    startedAt: formatTimestamp(startedAt),
    ...(endedAt !== undefined && { endedAt: formatTimestamp(endedAt) }),
    moves: run.moves.map((move) => ({ ...move })),
  };
}
