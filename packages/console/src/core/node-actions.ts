/** Care for nodes, one or several at once: no more work, work again, or everything away from them. */
import type { ActionPlan } from './action-plan.ts';
import { counted } from './amounts.ts';

/** A node that something is done with. */
export interface CaredNode {
  readonly agentId: string;
  readonly hostname: string;
}

/** What a person may want done. */
export type NodeAction =
  | { readonly kind: 'cordon' | 'uncordon'; readonly nodes: readonly CaredNode[] }
  | {
      readonly kind: 'drain';
      readonly nodes: readonly CaredNode[];
      /** After so long what is left is ended without a replacement. */
      readonly minutes: number;
      /** Nodes that could take what runs there; absent where nobody has counted. */
      readonly othersActive?: number;
    };

/** So long people give a drain, unless they say otherwise. */
export const DRAIN_MINUTES = 10;
/** The longest that the platform takes: a day. */
export const DRAIN_MINUTES_MAX = 1_440;

/** Names that a sentence holds. */
const NAMES_MAX = 6;

/** Lays an action out. */
export function nodeActionPlan(action: NodeAction): ActionPlan {
  const { nodes } = action;
  const [first] = nodes;
  const isOne = nodes.length === 1;
  const name = isOne ? (first?.hostname ?? '') : counted(nodes.length, 'node');
  const who = isOne
    ? []
    : [
        `${nodes
          .slice(0, NAMES_MAX)
          .map(({ hostname }) => hostname)
          .join(', ')}${moreOf(nodes)}`,
      ];
  const there = isOne ? 'there' : 'on any of them';
  const shared = {
    request: nodes.map(({ agentId }) => ({
      method: 'POST' as const,
      path: `/v2/cluster/agents/${agentId}/${action.kind}${queryOf(action)}`,
    })),
    command: nodes.map(({ hostname }) => `stadion node ${action.kind} ${hostname}${flagOf(action)}`).join(' && '),
  };
  switch (action.kind) {
    case 'cordon':
      return {
        ...shared,
        title: `Cordon ${name}`,
        consequences: [...who, `Nothing more is placed ${there}. What runs there, runs on.`],
        verb: 'Cordon',
        isDangerous: false,
      };
    case 'uncordon':
      return {
        ...shared,
        title: `Give ${name} work again`,
        consequences: [...who, `Instances are placed there again. A drain that is under way ends.`],
        verb: 'Uncordon',
        isDangerous: false,
      };
    case 'drain':
      return {
        ...shared,
        title: `Drain ${name}`,
        consequences: [
          ...who,
          `Nothing more is placed ${there}, and everything that runs there is replaced elsewhere first, then ended.`,
          `What is left after ${counted(action.minutes, 'minute')} is ended without a replacement.`,
          action.othersActive === 0
            ? 'No other node could take it: apps will stop serving.'
            : 'Without another node apps stop serving.',
        ],
        verb: 'Drain',
        isDangerous: true,
      };
  }
}

function moreOf({ length }: readonly CaredNode[]): string {
  return length > NAMES_MAX ? ` and ${String(length - NAMES_MAX)} more` : '';
}

function queryOf(action: NodeAction): string {
  return action.kind === 'drain' ? `?deadlineSeconds=${String(action.minutes * 60)}` : '';
}

function flagOf(action: NodeAction): string {
  return action.kind === 'drain' && action.minutes !== DRAIN_MINUTES ? ` --deadline ${String(action.minutes)}m` : '';
}
