/** Invariant 12: what was cancelled, or has failed by its own rules, is taken back, and becomes what it was before. */
import type { AppDefinition } from '@stadion/contract/orchestrator';
import type { DeploymentRecord } from '@stadion/contract/orchestrator-extensions';
import { canonical } from '../promises.ts';
import type { Checker, Violate } from './checker.ts';

/** What this checker looks at; the engine's view has it all. */
export interface WayBackView {
  readonly root: {
    readonly version: string;
    spec(id: string): AppDefinition | undefined;
    /** Undefined for what is a pod: pods have no rules for taking back. */
    app(id: string): AppDefinition | undefined;
  };
  deploymentRecords(): Iterable<DeploymentRecord>;
}

/** What this checker needs of the run. */
export interface WayBackParts {
  readonly look: () => WayBackView | undefined;
  /** Whether the leader stands still: what is due waits until it goes on. */
  readonly standsStill: () => boolean;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  readonly appIds: readonly string[];
  /** How much later than after a period its end may be noticed, by clocks that are wrong; milliseconds. */
  readonly toleranceMs: (periodMs: number) => number;
  /** Told of an app that the platform has changed by itself, as the rules of a deployment allow. */
  readonly explain: (appId: string) => void;
}

type Definitions = ReadonlyMap<string, string | undefined>;

/** A deadline may be late by this much: a turn of the engine, or its start. */
const LATE_MS_MAX = 5_000;
const ROLL_BACK_OF = 'roll back of ';
const NOTHING: Definitions = new Map();

/** Remembers what every deployment found, and compares when it is taken back. */
export function wayBackChecker(parts: WayBackParts, violate: Violate): Checker {
  const { look, standsStill, now, appIds, toleranceMs, explain } = parts;
  /** What each deployment found, by its id, and when it was first seen: its own record goes by a clock that may be wrong. */
  const found = new Map<string, { readonly definitions: Definitions; begunAt: number; isHeld: boolean }>();
  let version: string | undefined;
  let current = NOTHING;
  let lookedAt = Number.NEGATIVE_INFINITY;

  return {
    beforeCrash() {
      // A process that stands still has done nothing since its last turn.
      if (!standsStill()) afterTurn();
      version = undefined;
      // What a deployment finds that begins before the next look is not known.
      current = NOTHING;
    },
    afterEvent() {
      // A process that goes on again has a moment to find what is due, like a new one.
      if (standsStill()) lookedAt = now();
    },
    afterTurn,
  };

  function afterTurn(): void {
    const view = look();
    if (view === undefined) return;
    if (view.root.version !== version) compare(view);
    if (now() - lookedAt < LATE_MS_MAX) return;
    lookedAt = now();
    for (const record of view.deploymentRecords()) {
      // Those that are over come last.
      if (record.endedAt !== undefined) break;
      judgeUnderWay(record, view);
    }
  }

  function compare(view: WayBackView): void {
    const before = current;
    // A newcomer has a moment to find what is due.
    if (version === undefined) lookedAt = now();
    version = view.root.version;
    current = new Map(appIds.map((id) => [id, definitionOf(view.root.spec(id))]));
    const begun = [...view.deploymentRecords()].filter(({ id }) => !found.has(id));
    for (const { id } of begun) found.set(id, { definitions: before, begunAt: now(), isHeld: false });
    for (const { id, by, isRollBack } of begun) {
      if (isRollBack && by?.startsWith(ROLL_BACK_OF) === true) judgeReturn(id, by.slice(ROLL_BACK_OF.length), view);
    }
  }

  function judgeReturn(id: string, takenBack: string, view: WayBackView): void {
    const wanted = found.get(takenBack)?.definitions ?? NOTHING;
    const record = [...view.deploymentRecords()].find((each) => each.id === takenBack);
    if (record === undefined) return;
    for (const appId of record.affectedApps) {
      explain(appId);
      if (!wanted.has(appId)) continue;
      const [was, is] = [wanted.get(appId), current.get(appId)];
      if (was === is) continue;
      violate(`${id} takes ${takenBack} back: ${appId} is ${is ?? 'removed'}, and was ${was ?? 'not there'}`);
    }
  }

  /** A deployment that its own rules condemn is taken back at once. */
  function judgeUnderWay(record: DeploymentRecord, { root }: WayBackView): void {
    if (record.isRollBack) return;
    const seen = found.get(record.id);
    const isHeld = record.outcome === 'paused';
    // Let go, it has less left than all of its time.
    if (seen?.isHeld === true && !isHeld) seen.begunAt = now();
    if (seen !== undefined) seen.isHeld = isHeld;
    if (isHeld) return;
    const rules = record.affectedApps.map((id) => root.app(id)?.upgradeStrategy.rollback);
    const seconds = Math.min(...rules.map((rule) => rule?.deadlineSeconds ?? Infinity));
    const periodMs = seconds * 1000;
    if (now() > (seen?.begunAt ?? Infinity) + periodMs + LATE_MS_MAX + toleranceMs(periodMs)) {
      violate(`${record.id} was to be done within ${String(seconds)} seconds, and goes on`);
    }
    // Of several apps each has its own count, and what is counted is all failures.
    const failures = rules.length === 1 ? (rules[0]?.afterFailures ?? Infinity) : Infinity;
    if (record.failureCount >= failures) {
      violate(`${record.id} goes on after ${String(record.failureCount)} failures, ${String(failures)} were the end`);
    }
  }
}

/** What is wanted of an app, whichever version says so. */
function definitionOf(app: AppDefinition | undefined): string | undefined {
  if (app === undefined) return undefined;
  const { version: _version, versionInfo: _versionInfo, ...wanted } = app;
  return canonical(wanted);
}
