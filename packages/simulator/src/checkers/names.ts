/** Invariant 8: names and routes never contain an instance that is known to be down, draining or unready. */
import { isTerminal, type TaskStatus } from '@stadion/contract/mesos';
import { serves, taskIdsOf } from '@stadion/orchestrator';
import { NameFollower } from '../name-follower.ts';
import type { World } from '../world.ts';
import type { Checker, Violate } from './checker.ts';

/** From when the orchestrator has heard of it until names follow: it is written down first, on a slow disk. */
const LATE_MS_MAX = 30_000;

/** For how long it is watched that what is down gets no name again, milliseconds. */
const REMEMBERED_MS = 120_000;
/** Two looks at names are so far apart, milliseconds. */
const LOOK_MS = 5_000;

/** What was heard of a task that must have no name. */
interface Down {
  readonly why: string;
  readonly since: number;
}

/**
 * Judges by what agents have reported and what was told to end, and holds against it: what a name server would answer
 * that hears the orchestrator's events, and what the orchestrator says of its instances to those who ask, as the edge does.
 */
export function namesChecker(world: World, violate: Violate): Checker {
  const follower = new NameFollower();
  const down = new Map<string, Down>();
  const killed = new Set<string>();
  let isFollowing = false;
  let lookedAt = 0;

  return {
    afterStart() {
      const { controlPlane } = world;
      if (controlPlane === undefined) return;
      // What the one before heard while it was stopping, it can have told nobody.
      down.clear();
      follower.restart(controlPlane);
      isFollowing = true;
    },
    beforeCrash() {
      // A name server that cannot ask keeps its last answers: nothing is judged until somebody leads again.
      isFollowing = false;
      down.clear();
    },
    onNews(event) {
      const heard = world.doors.news(event);
      if (heard !== undefined) follower.hear(heard);
    },
    onCall(call) {
      if (call.type === 'KILL') note(call.kill.task_id.value, 'told to end');
    },
    onEvent(event) {
      if (event.type !== 'UPDATE') return;
      const { status } = event.update;
      const taskId = status.task_id.value;
      const why = downBy(status);
      if (why !== undefined) note(taskId, why);
      else if (!killed.has(taskId)) down.delete(taskId);
      if (isTerminal(status.state)) killed.add(taskId);
    },
    afterTurn() {
      const { controlPlane } = world;
      if (controlPlane === undefined || !isFollowing || down.size === 0) return;
      judgeAnswers();
      const now = world.time.monotonic();
      if (now - lookedAt < LOOK_MS) return;
      lookedAt = now;
      follower.catchUp(controlPlane);
      const named = new Set(follower.named());
      for (const taskId of named) judge(taskId, now - LATE_MS_MAX, 'has a name');
      for (const [taskId, { since }] of down) {
        if (since < now - REMEMBERED_MS && !named.has(taskId)) down.delete(taskId);
      }
    },
  };

  function note(taskId: string, why: string): void {
    if (why === 'told to end') killed.add(taskId);
    if (!down.has(taskId)) down.set(taskId, { why, since: world.time.monotonic() });
  }

  function judge(taskId: string, before: number, what: string): void {
    const known = down.get(taskId);
    // Only what is written down is told: while the disk is full, the time counts from the last attempt to write.
    const { storeRefusedAt = -Infinity } = world;
    if (known === undefined || Math.max(known.since, storeRefusedAt) > before) return;
    const ago = world.time.monotonic() - known.since;
    violate(`${taskId} ${what}, and was known to be ${known.why} ${String(Math.round(ago))} ms ago`);
  }

  /** What the orchestrator answers needs no disk: it knows as soon as its turn is over. */
  function judgeAnswers(): void {
    const view = world.controlPlane?.engine.view;
    if (view === undefined) return;
    const before = world.time.monotonic() - ANSWER_LATE_MS_MAX;
    for (const [taskId, { since }] of down) {
      if (since > before) continue;
      const instance = view.instanceByTaskId(taskId);
      // A container of a pod may be over while the pod serves.
      if (instance === undefined || instance.tasks !== undefined || !taskIdsOf(instance).includes(taskId)) continue;
      const app = view.root.appAtVersion(instance.appId, instance.appVersion);
      if (serves(instance, app)) judge(taskId, before, 'is said to serve');
    }
  }
}

/** Events wait for their turn, and turns for the disk when it is far behind. */
const ANSWER_LATE_MS_MAX = 15_000;

/** Why a status takes a task's names away. */
function downBy({ state, healthy }: TaskStatus): string | undefined {
  if (state !== 'TASK_RUNNING') return isTerminal(state) ? 'over' : undefined;
  return healthy === false ? 'sick' : undefined;
}
