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
  /** Out of contact, and never to come back. */
  | { readonly kind: 'mark-gone'; readonly nodes: readonly CaredNode[] }
  | {
      /** A decommission is a drain, and then the end. */
      readonly kind: 'drain' | 'decommission';
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
      path: `/v2/cluster/agents/${agentId}/${orderOf(action)}`,
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
        consequences: [...who, ...drainSentences(action, there)],
        verb: 'Drain',
        isDangerous: true,
      };
    case 'decommission':
      return {
        ...shared,
        title: `Take ${name} out of service for ever`,
        consequences: [
          ...who,
          ...drainSentences(action, there),
          `Once empty ${isOne ? 'it is' : 'they are'} forgotten: the agent is told to end, and may not come back under its id.`,
          'Data in volumes that are kept there is lost to its apps. This cannot be taken back.',
        ],
        verb: 'Decommission',
        isDangerous: true,
      };
    case 'mark-gone':
      return {
        // The command line does it only for those that were given up, by `node decommission`.
        request: shared.request,
        title: `Say that ${name} never comes back`,
        consequences: [
          ...who,
          'Say this only of a machine that is surely off: tasks that still run there are not ended by it, and are started elsewhere as well.',
          'Should its agent come back, it is refused. Data in volumes that are kept there is lost to its apps.',
          'This cannot be taken back.',
        ],
        verb: 'Mark gone',
        isDangerous: true,
      };
  }
}

function moreOf({ length }: readonly CaredNode[]): string {
  return length > NAMES_MAX ? ` and ${String(length - NAMES_MAX)} more` : '';
}

type Drain = Extract<NodeAction, { readonly minutes: number }>;

function drainSentences({ minutes, othersActive }: Drain, there: string): readonly string[] {
  return [
    `Nothing more is placed ${there}, and everything that runs there is replaced elsewhere first, then ended.`,
    `What is left after ${counted(minutes, 'minute')} is ended without a replacement.`,
    othersActive === 0
      ? 'No other node could take it: apps will stop serving.'
      : 'Without another node apps stop serving.',
  ];
}

/** The end of the path and the query. */
function orderOf(action: NodeAction): string {
  switch (action.kind) {
    case 'drain':
      return `drain?deadlineSeconds=${String(action.minutes * 60)}`;
    case 'decommission':
      return `drain?deadlineSeconds=${String(action.minutes * 60)}&markGone=true`;
    case 'mark-gone':
      return 'gone';
    default:
      return action.kind;
  }
}

function flagOf(action: NodeAction): string {
  return 'minutes' in action && action.minutes !== DRAIN_MINUTES ? ` --deadline ${String(action.minutes)}m` : '';
}
