/** Kills chosen tasks, alone or together with scaling their apps down, as Marathon's task routes do. */
import type { Task } from '@stadion/contract/orchestrator';
import { scaleDown } from '../core/root/change-apps.ts';
import { failure, rejection, type Answer, type Call } from './answer.ts';
import { carryOut, changeOptions, deploymentAnswer } from './commands.ts';
import type { HandlerContext } from './handler-context.ts';
import { flag } from './query.ts';
import { isPlaced, taskView, type PlacedInstance } from './task-view.ts';

/** How to kill. */
export interface KillMode {
  /** Lower the wanted instances by those killed. */
  readonly scale: boolean;
  /** Give up reservations and volumes too. */
  readonly wipe: boolean;
}

/** Reads `scale` and `wipe`; scaling and wiping exclude each other. */
export function readKillMode({
  query,
}: Call): ({ readonly ok: true } & KillMode) | { readonly ok: false; readonly answer: Answer } {
  const mode = { scale: flag(query, 'scale'), wipe: flag(query, 'wipe') };
  if (!mode.scale || !mode.wipe) return { ok: true, ...mode };
  return { ok: false, answer: failure(400, { message: 'You cannot use scale and wipe at the same time.' }) };
}

/** Kills tasks; their apps replace them. Gives the tasks as they were. */
export async function killTasks(
  { engine }: HandlerContext,
  chosen: readonly PlacedInstance[],
  { wipe }: KillMode,
): Promise<{ readonly ok: true; readonly tasks: readonly Task[] } | { readonly ok: false; readonly answer: Answer }> {
  const outcome = await engine.killInstances(
    chosen.map(({ id }) => id),
    { wipe },
  );
  if (!outcome.ok) return { ok: false, answer: rejection(outcome.rejection) };
  const tasks = outcome.value.filter(isPlaced).flatMap((instance) => {
    const app = engine.view.root.app(instance.appId);
    return app === undefined ? [] : [taskView(instance, app)];
  });
  return { ok: true, tasks };
}

/** Kills tasks by scaling their apps down. Those that are being killed already do not count. */
export async function killAndScale(
  context: HandlerContext,
  chosen: readonly PlacedInstance[],
  call: Call,
): Promise<Answer> {
  const victims = new Map<string, string[]>();
  for (const { id, appId, condition, goal } of chosen) {
    if (condition === 'Killing' || goal !== 'Running') continue;
    const known = victims.get(appId);
    if (known === undefined) victims.set(appId, [id]);
    else known.push(id);
  }
  const lessById = new Map([...victims].map(([appId, ids]) => [appId, ids.length]));
  const outcome = await carryOut(context, scaleDown(lessById), {
    ...changeOptions(call),
    victims,
    concerns: [...victims.keys()],
  });
  return outcome.ok ? deploymentAnswer(outcome.value.result) : rejection(outcome.rejection);
}
