/** `stadion rebalance --dry-run`: where instances would go for the load of nodes to be even. */
import type { RebalancePlan } from '@stadion/contract/rebalance';
import { plural } from '../core/why.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { usageError } from '../report-error.ts';
import type { CommandCall, CommandSpec } from './command.ts';

/** The command. */
export const rebalanceCommands: readonly CommandSpec[] = [
  {
    path: 'rebalance',
    summary: 'say where instances would go for the load of nodes to be even',
    options: [
      { flags: '--dry-run', description: 'only say it (must be given: nothing is moved by this version)' },
      { flags: '--moves <number>', description: 'at most so many moves, 1 to 500 (default: 50)' },
    ],
    examples: ['stadion rebalance --dry-run', 'stadion rebalance --dry-run --moves 10 -o json'],
    run: rebalance,
  },
];

const STAYING: Readonly<Record<RebalancePlan['staying'][number]['reason'], string>> = {
  'not-up': 'not up',
  volumes: 'with volumes',
  'fixed-ports': 'with fixed ports',
  gpus: 'with GPUs',
  deployment: 'held by a deployment',
};

async function rebalance(call: CommandCall): Promise<ExitCode> {
  const { session } = call;
  if (!call.isSet('dryRun')) throw usageError('Nothing is moved by this version: say --dry-run to see what would be.');
  const moves = call.count('moves');
  const client = await session.orchestrator();
  const plan = await client.planRebalance(moves === undefined ? {} : { query: { moves } });
  const { printer } = session;
  printer.answer(
    plan,
    () => lines(plan, printer),
    plan.moves.map(({ instanceId }) => instanceId),
  );
  return EXIT.ok;
}

function lines(plan: RebalancePlan, printer: CommandCall['session']['printer']): string[] {
  const moves = plan.moves.map(({ instanceId, from, to, load }) => [
    instanceId,
    from.hostname,
    to.hostname,
    percent(load),
  ]);
  const nodes = plan.nodes.map(({ hostname, before, after, takes }) => [
    takes ? hostname : `${hostname} (takes nothing)`,
    percent(before),
    percent(after),
  ]);
  const staying = plan.staying.map(({ reason, instances }) => `${String(instances)} ${STAYING[reason]}`);
  return [
    ...(moves.length === 0
      ? ['No move would make the fullest nodes noticeably less full.']
      : [
          `${plural(moves.length, 'move')} would be made:`,
          ...printer.table(['INSTANCE', 'FROM', 'TO', 'FULLER AFTER'], moves),
        ]),
    '',
    ...printer.table(['NODE', 'LOAD', 'AFTER'], nodes),
    ...(staying.length === 0 ? [] : ['', `Not considered: ${staying.join(', ')}.`]),
    ...(plan.isPartial ? ['There is more to look at than one plan does: the next one goes on.'] : []),
  ];
}

function percent(load: number): string {
  return `${(load * 100).toFixed(0)} %`;
}
