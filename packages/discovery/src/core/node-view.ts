/**
 * What a source says, made into who may be called. Only healthy nodes that were updated lately; but a source that is
 * away, or has lost everything at once, is no reason to forget those who worked a moment ago.
 */
import { nodeKey, type ServiceNode } from './service-node.ts';

/** Bounds of a view, in ms. */
export interface ViewSettings {
  /** A provider that has not been heard of for so long has gone (Ranger: 60 s). */
  readonly zombieMs: number;
  /** For how long the last nodes are kept when a source suddenly has none. */
  readonly emptyGraceMs: number;
}

export const VIEW_DEFAULTS: ViewSettings = { zombieMs: 60_000, emptyGraceMs: 120_000 };

interface Seen {
  readonly updated: number | undefined;
  /** When we saw its time of update change, by our own clock. */
  readonly movedAt: number | undefined;
  readonly isFresh: boolean;
}

/** The view of one service. */
export class NodeView {
  private readonly settings: ViewSettings;
  private readonly seen = new Map<string, Seen>();
  private last: readonly ServiceNode[] = [];
  private emptySince: number | undefined;
  private isAway = false;
  /** When the source told of nodes again after it was away. */
  private backAt: number | undefined;

  constructor(settings: Partial<ViewSettings> = {}) {
    this.settings = { ...VIEW_DEFAULTS, ...settings };
  }

  /** Who could be called when the source was last asked. */
  get nodes(): readonly ServiceNode[] {
    return this.last;
  }

  /** The source cannot be asked: until it can, nobody can be heard of through it. */
  away(): void {
    this.isAway = true;
  }

  /**
   * Takes what a source has now.
   * @param now monotonic, ms
   * @param wall wall clock, ms
   * @returns who may be called
   */
  accept(nodes: readonly ServiceNode[], now: number, wall: number): readonly ServiceNode[] {
    if (this.isAway) this.backAt = now;
    this.isAway = false;
    const keys = new Set(nodes.map(nodeKey));
    for (const key of this.seen.keys()) if (!keys.has(key)) this.seen.delete(key);
    const callable = nodes.filter((node) => this.isFresh(node, now, wall) && node.healthcheckStatus === 'healthy');
    if (nodes.length > 0) {
      this.emptySince = undefined;
      this.last = callable;
      return callable;
    }
    this.emptySince ??= now;
    if (now - this.emptySince >= this.settings.emptyGraceMs) this.last = [];
    return this.last;
  }

  /**
   * Updated lately by its own clock, or seen to be updated lately by ours: clocks differ. Whoever was called before the
   * source was away has as long from its return to be heard of: providers could not write either.
   */
  private isFresh(node: ServiceNode, now: number, wall: number): boolean {
    const { lastUpdatedTimeStamp: updated } = node;
    const { zombieMs } = this.settings;
    const key = nodeKey(node);
    const before = this.seen.get(key);
    const hasMoved = before !== undefined && before.updated !== updated;
    const movedAt = hasMoved ? now : before?.movedAt;
    const isLately = (at: number | undefined): boolean => at !== undefined && now - at <= zombieMs;
    const isFresh =
      updated === undefined ||
      wall - updated <= zombieMs ||
      isLately(movedAt) ||
      (before?.isFresh === true && isLately(this.backAt));
    this.seen.set(key, { updated, movedAt, isFresh });
    return isFresh;
  }
}
