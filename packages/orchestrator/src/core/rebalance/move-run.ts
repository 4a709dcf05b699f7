/** A rebalance under way: which move begins when, and when one is given up. It decides; others start and end instances. */
import type { RebalanceMoveReason } from '@stadion/contract/rebalance';
import { MOVE_PATIENCE_MS, ROOM_PATIENCE_MS, UNSETTLED_PATIENCE_MS } from './limits.ts';

/** A move that was asked for. */
export interface OrderedMove {
  readonly instanceId: string;
  readonly appId: string;
  readonly from: { readonly agentId: string; readonly hostname: string };
  readonly to: { readonly agentId: string; readonly hostname: string };
}

/** A move, and how far it is. */
export interface MoveProgress extends OrderedMove {
  readonly state: 'waiting' | 'moving' | 'moved' | 'given-up' | 'not-begun';
  /** Only of one given up. */
  readonly reason?: RebalanceMoveReason;
}

/** The apps concerned, as they are at a look. */
export interface MoveScene {
  /** Whether an instance is up, wanted, and on this agent. */
  isUpOn(instanceId: string, agentId: string): boolean;
  /** Whether an app has exactly the instances that it wants, none ends, and nothing else is being done with it. */
  isSettled(appId: string): boolean;
  /** Whether a deployment, or the emptying of an agent, is at work on an app. */
  isHeld(appId: string): boolean;
  /** Instances of an app that look for a place. */
  waiting(appId: string): number;
}

interface Begun {
  readonly at: number;
  readonly index: number;
}

/** One per rebalance. Time is in milliseconds of any clock that never goes back. */
export class MoveRun {
  private readonly list: MoveProgress[];
  private readonly intervalMs: number;
  private readonly begun = new Map<string, Begun>();
  private nextAt: number;
  /** When something last began or ended. */
  private lastNewsAt: number;
  private isStopping = false;

  constructor(moves: readonly OrderedMove[], movesPerMinute: number, now: number) {
    this.list = moves.map((move) => ({ ...move, state: 'waiting' }));
    this.intervalMs = 60_000 / movesPerMinute;
    this.nextAt = now;
    this.lastNewsAt = now;
  }

  /** All moves, in their order. */
  get moves(): readonly MoveProgress[] {
    return this.list;
  }

  /** The move of an app that has begun and not ended: it has one at most. */
  of(appId: string): MoveProgress | undefined {
    const begun = this.begun.get(appId);
    return begun && this.list[begun.index];
  }

  get state(): 'running' | 'stopping' | 'stopped' | 'done' {
    if (this.isStopping) return this.begun.size > 0 ? 'stopping' : 'stopped';
    return this.begun.size > 0 || this.list.some(({ state }) => state === 'waiting') ? 'running' : 'done';
  }

  /** Nothing more begins; what is under way comes to its end. */
  stop(): void {
    this.isStopping = true;
    for (const [index, move] of this.list.entries()) {
      if (move.state === 'waiting') this.list[index] = { ...move, state: 'not-begun' };
    }
  }

  /** The instance was told to go, since another one is up in its place. */
  left(appId: string, now: number): void {
    this.end(appId, now);
  }

  /**
   * Begins what is due and gives up what does not get on. At most one move of an app is under way, so that what waits of
   * it is the one that takes over.
   * @returns the apps that are to be looked at for it
   */
  look(now: number, scene: MoveScene): readonly string[] {
    const touched: string[] = [];
    for (const [appId, begun] of [...this.begun]) {
      const reason = this.trouble(appId, begun, now, scene);
      if (reason === undefined) continue;
      this.end(appId, now, reason);
      touched.push(appId);
    }
    if (this.isStopping) return touched;
    while (now >= this.nextAt) {
      const appId = this.beginNext(now, scene);
      if (appId === undefined) break;
      touched.push(appId);
    }
    if (this.begun.size === 0 && now - this.lastNewsAt > UNSETTLED_PATIENCE_MS) this.giveUpWaiting();
    return touched;
  }

  private beginNext(now: number, scene: MoveScene): string | undefined {
    for (const [index, move] of this.list.entries()) {
      const { appId, instanceId, from, state } = move;
      if (state !== 'waiting' || this.begun.has(appId)) continue;
      if (!scene.isSettled(appId) || scene.isHeld(appId)) continue;
      if (!scene.isUpOn(instanceId, from.agentId)) {
        this.list[index] = { ...move, state: 'given-up', reason: 'gone' };
        continue;
      }
      this.list[index] = { ...move, state: 'moving' };
      this.begun.set(appId, { at: now, index });
      // Never more in any minute, however late this look is.
      this.nextAt = now + this.intervalMs;
      this.lastNewsAt = now;
      return appId;
    }
    return undefined;
  }

  private trouble(appId: string, { at, index }: Begun, now: number, scene: MoveScene): RebalanceMoveReason | undefined {
    const move = this.list[index];
    if (move === undefined || !scene.isUpOn(move.instanceId, move.from.agentId)) return 'gone';
    const waiting = scene.waiting(appId);
    // More wait than the one that takes over: the app has lost some, and they may go anywhere.
    if (waiting > 1 || scene.isHeld(appId)) return 'disturbed';
    if (waiting === 1 && now - at > ROOM_PATIENCE_MS) return 'no-room';
    return now - at > MOVE_PATIENCE_MS ? 'not-up' : undefined;
  }

  private end(appId: string, now: number, reason?: RebalanceMoveReason): void {
    const begun = this.begun.get(appId);
    const move = begun && this.list[begun.index];
    if (begun === undefined || move === undefined) return;
    this.list[begun.index] =
      reason === undefined ? { ...move, state: 'moved' } : { ...move, state: 'given-up', reason };
    this.begun.delete(appId);
    this.lastNewsAt = now;
  }

  private giveUpWaiting(): void {
    for (const [index, move] of this.list.entries()) {
      if (move.state === 'waiting') this.list[index] = { ...move, state: 'given-up', reason: 'unsettled' };
    }
  }
}
