/** `stadion rebalance`: where instances would go for the load of nodes to be even, and moving them there. */
import { PlatformError } from '@stadion/base';
import { isApiError, type OrchestratorClient } from '@stadion/contract/client';
import { REBALANCE_PER_MINUTE_MAX, type RebalancePlan, type RebalanceRun } from '@stadion/contract/rebalance';
import { plural } from '../core/why.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { waitFor } from '../follow/waiting.ts';
import { limits } from '../limits.ts';
import { LiveDisplay } from '../output/live-display.ts';
import { usageError } from '../report-error.ts';
import type { CommandCall, CommandSpec } from './command.ts';

/** The command. */
export const rebalanceCommands: readonly CommandSpec[] = [
  {
    path: 'rebalance',
    summary: 'move instances so that the load of nodes is even, another one being up before any goes',
    options: [
      { flags: '--dry-run', description: 'only say what would move' },
      { flags: '--moves-per-minute <number>', description: 'move, beginning no more than so many in any minute' },
      { flags: '--max-moves <number>', description: 'at most so many moves, 1 to 500 (default: 50)' },
      { flags: '-d, --detach', description: 'do not wait for the moves' },
      { flags: '--status', description: 'say how far the rebalance under way is, or how the last one ended' },
      { flags: '--stop', description: 'begin no further move; those under way come to their end' },
    ],
    examples: [
      'stadion rebalance --dry-run --max-moves 10',
      'stadion rebalance --moves-per-minute 2',
      'stadion rebalance --status -o json',
    ],
    run: rebalance,
  },
];

const STAYING: Readonly<Record<RebalancePlan['staying'][number]['reason'], string>> = {
  'not-up': 'not up',
  volumes: 'with volumes',
  'fixed-ports': 'with fixed ports',
  revocable: 'on revocable cpus',
  gpus: 'with GPUs',
  deployment: 'held by a deployment',
};

async function rebalance(call: CommandCall): Promise<ExitCode> {
  const { session } = call;
  const perMinute = call.count('movesPerMinute');
  const chosen = [call.isSet('dryRun'), perMinute !== undefined, call.isSet('status'), call.isSet('stop')];
  if (chosen.filter(Boolean).length !== 1) {
    throw usageError('Say one of --dry-run (what would move), --moves-per-minute N (move), --status and --stop.');
  }
  const client = await session.orchestrator();
  if (perMinute !== undefined) return await move(call, client, perMinute);
  if (call.isSet('status')) return answerRun(call, await client.getRebalance({}));
  if (call.isSet('stop')) return answerRun(call, await client.stopRebalance({}));
  return await dryRun(call, client);
}

/** Begins the moves and stays with them. */
async function move(call: CommandCall, client: OrchestratorClient, movesPerMinute: number): Promise<ExitCode> {
  const { session } = call;
  if (movesPerMinute < 1 || movesPerMinute > REBALANCE_PER_MINUTE_MAX) {
    throw usageError(`--moves-per-minute is from 1 to ${String(REBALANCE_PER_MINUTE_MAX)}.`);
  }
  const moves = call.count('maxMoves');
  let run = await client.beginRebalance({ body: { movesPerMinute, ...(moves !== undefined && { moves }) } });
  if (call.isSet('detach')) return answerRun(call, run);
  const display = new LiveDisplay(session.printer.stderr);
  const signal = session.ports.interruption();
  try {
    while (run.endedAt === undefined) {
      if (!session.printer.quiet) display.update(progressLines(run));
      await waitFor(session.time, limits.rebalancePollMs, signal);
      run = await theSame(client, run, signal);
    }
  } catch (error) {
    if (signal.aborted) {
      session.printer.remark('The moves go on. See them with: stadion rebalance --status. Stop them with --stop.');
    }
    throw error;
  }
  return answerRun(call, run);
}

/** How far it is now; as it was where nobody answers, which a server does not that takes the lead. */
async function theSame(client: OrchestratorClient, run: RebalanceRun, signal: AbortSignal): Promise<RebalanceRun> {
  try {
    const now = await client.getRebalance({ signal });
    if (now.id === run.id) return now;
  } catch (error) {
    if (signal.aborted) throw error;
    if (!isApiError(error) || error.status >= 500) return run;
    if (error.status !== 404) throw error;
  }
  throw new PlatformError(
    'rebalance-forgotten',
    'Another server has taken the lead, and the moves that were left are forgotten. No app has fewer instances for it. ' +
      'Give the command again to go on from how things are now.',
  );
}

function answerRun({ session: { printer } }: CommandCall, run: RebalanceRun): ExitCode {
  const of = (state: RunMove['state']): readonly RunMove[] => run.moves.filter((one) => one.state === state);
  const givenUp = of('given-up');
  const rows = givenUp.map(({ instanceId, from, to, reason }) => [
    instanceId,
    from.hostname,
    to.hostname,
    GIVEN_UP[reason ?? 'gone'],
  ]);
  printer.answer(
    run,
    () => [
      run.moves.length === 0
        ? 'No move would make the fullest nodes noticeably less full.'
        : `${run.state}: ${summary(run)}`,
      ...(rows.length === 0 ? [] : printer.table(['INSTANCE', 'FROM', 'TO', 'GIVEN UP'], rows)),
    ],
    of('moved').map(({ instanceId }) => instanceId),
  );
  return EXIT.ok;
}

type RunMove = RebalanceRun['moves'][number];

const GIVEN_UP: Readonly<Record<NonNullable<RunMove['reason']>, string>> = {
  'no-room': 'the node had no room for it',
  'not-up': 'the new one did not come up',
  disturbed: 'its app was changed, drained or lost an instance',
  gone: 'it was gone or not up',
  unsettled: 'no app left was as it is wanted for long',
};

function summary({ moves, movesPerMinute }: RebalanceRun): string {
  const counted = (['moved', 'moving', 'waiting', 'given-up', 'not-begun'] as const).flatMap((state) => {
    const count = moves.filter((one) => one.state === state).length;
    return count === 0 && state !== 'moved' ? [] : [`${String(count)} ${state.replace('-', ' ')}`];
  });
  return `${plural(moves.length, 'move')}, ${counted.join(', ')} (at most ${String(movesPerMinute)} a minute)`;
}

function progressLines(run: RebalanceRun): string[] {
  const under = run.moves.filter(({ state }) => state === 'moving');
  return [
    summary(run),
    ...under.slice(0, limits.rebalanceLines).map(({ instanceId, from, to }) => {
      return `  ${instanceId}: ${from.hostname} -> ${to.hostname}`;
    }),
  ];
}

async function dryRun(call: CommandCall, client: OrchestratorClient): Promise<ExitCode> {
  const { session } = call;
  const moves = call.count('maxMoves');
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
