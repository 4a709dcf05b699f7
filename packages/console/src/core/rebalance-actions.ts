/** Evening out the load of nodes: begun within a budget, and stopped. */
import { REBALANCE_PER_MINUTE_MAX, type RebalanceRun } from '@stadion/contract/rebalance';
import type { ActionPlan } from './action-plan.ts';
import { counted } from './amounts.ts';

/** What a person may want done. */
export type RebalanceAction =
  | {
      readonly kind: 'rebalance';
      /** How many moves the plan has that was looked at. */
      readonly moves: number;
      readonly movesPerMinute: number;
    }
  | { readonly kind: 'stop-rebalance' };

/** So many moves begin in a minute, unless people say otherwise. */
export const MOVES_PER_MINUTE = 2;
export const MOVES_PER_MINUTE_MAX = REBALANCE_PER_MINUTE_MAX;

/** Lays an action out. */
export function rebalanceActionPlan(action: RebalanceAction): ActionPlan {
  if (action.kind === 'stop-rebalance') {
    return {
      title: 'Stop evening out the load',
      consequences: ['No further move begins. Those under way come to their end.'],
      verb: 'Stop',
      isDangerous: false,
      request: { method: 'DELETE', path: '/v2/cluster/rebalance/run' },
      command: 'stadion rebalance --stop',
    };
  }
  const { moves, movesPerMinute } = action;
  return {
    title: 'Even out the load of nodes',
    consequences: [
      `${counted(moves, 'instance')} would move by the plan of now; it is made anew when you say so.`,
      'Of each, another one is up on its new node before the old one drains and goes, one at a time of any app.',
      'Should another server take the lead, the moves that are left are forgotten.',
    ],
    verb: 'Move',
    isDangerous: false,
    request: { method: 'POST', path: '/v2/cluster/rebalance', body: { movesPerMinute } },
    command: `stadion rebalance --moves-per-minute ${String(movesPerMinute)}`,
  };
}

/** How far a rebalance is, in words. */
export function progressOf({ state, moves }: RebalanceRun): string {
  const count = (wanted: RebalanceRun['moves'][number]['state']): number =>
    moves.filter((move) => move.state === wanted).length;
  const givenUp = count('given-up');
  const words = [
    `${String(count('moved'))} of ${counted(moves.length, 'move')} made`,
    ...(count('moving') === 0 ? [] : [`${String(count('moving'))} under way`]),
    ...(givenUp === 0 ? [] : [`${String(givenUp)} given up`]),
  ].join(', ');
  switch (state) {
    case 'running':
      return words;
    case 'stopping':
      return `${words}; stopping`;
    case 'stopped':
      return `Stopped: ${words}`;
    case 'done':
      return `The last time: ${words}`;
  }
}
