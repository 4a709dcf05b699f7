/** `stadion status`: is all well? */
import { describeError } from '@stadion/base';
import type { AppInfo } from '@stadion/contract/orchestrator';
import type { StateSlave } from '@stadion/contract/mesos-state';
import { conditionOf, needsAttention, readyCount, type AppCondition } from '../core/app-condition.ts';
import { awayNodes, isNodeWell, nodeState, totalAmount, type Amount, type AwayNode } from '../core/nodes.ts';
import { safeText } from '../core/safe-text.ts';
import { plural, waitingReason } from '../core/why.ts';
import { EXIT } from '../exit-codes.ts';
import { conditionStyle } from '../output/style.ts';
import type { Printer } from '../output/printer.ts';
import type { Cell } from '../output/table.ts';
import type { Session } from '../platform/session.ts';
import type { CommandSpec } from './command.ts';
import { queueByApp } from './lookup.ts';

/** The command. */
export const statusCommands: readonly CommandSpec[] = [
  {
    path: 'status',
    summary: 'say whether all is well: exit code 0 when it is, 1 when something needs attention',
    async run(call) {
      const { printer } = call.session;
      const status = await gather(call.session);
      printer.answer(status, () => statusPage(printer, status), [status.isWell ? 'well' : 'not well']);
      return status.isWell ? EXIT.ok : EXIT.error;
    },
  },
];

interface Status {
  readonly isWell: boolean;
  readonly url: string;
  readonly leader: string | undefined;
  /** Why the agents could not be asked for. */
  readonly masterProblem: string | undefined;
  /** `held`: given up by nobody, because too many are silent at once. */
  readonly agents: {
    readonly total: number;
    readonly active: number;
    readonly held: number;
    /** Names of those that were given up, and how many a new leader still waits for. */
    readonly outOfContact: readonly string[];
    readonly awaited: number;
    /** Names of those that take no work though the master has them, by what they do: `draining`, `cordoned`, …. */
    readonly aside: Readonly<Record<string, readonly string[]>>;
  };
  readonly resources: { readonly cpus: Amount; readonly mem: Amount; readonly disk: Amount };
  readonly apps: {
    readonly total: number;
    readonly instances: Amount;
    readonly byCondition: Partial<Record<AppCondition, number>>;
    readonly attention: readonly { readonly id: string; readonly condition: AppCondition; readonly reason: string }[];
  };
  readonly deployments: number;
}

async function gather(session: Session): Promise<Status> {
  const client = await session.orchestrator();
  const [{ apps }, { queue }, deployments] = await Promise.all([
    client.listApps(),
    client.listQueue(),
    client.listDeployments(),
  ]);
  const leader = await client.getLeader().then(
    (answer) => answer.leader,
    () => undefined,
  );
  const { slaves, away, problem } = await listNodes(session);
  const queued = queueByApp(queue);
  const conditions = apps.map((app) => ({ app, condition: conditionOf(app, queued.get(app.id)) }));
  const byCondition: Partial<Record<AppCondition, number>> = {};
  for (const { condition } of conditions) byCondition[condition] = (byCondition[condition] ?? 0) + 1;
  const attention = conditions
    .filter(({ condition }) => needsAttention(condition))
    .map(({ app, condition }) => ({
      id: app.id,
      condition,
      reason: waitingReason(queued.get(app.id)) ?? readiness(app),
    }));
  const held = await client.clusterMetrics().then(
    (metrics) => metrics['master/slave_removals_held'] ?? 0,
    () => 0,
  );
  const active = slaves.filter(isNodeWell).length;
  const total = slaves.length + away.length;
  return {
    isWell: attention.length === 0 && problem === undefined && active > 0 && active === total && held === 0,
    url: client.baseUrl,
    leader,
    masterProblem: problem,
    agents: {
      total,
      active,
      held,
      outOfContact: away.filter(({ isGivenUp }) => isGivenUp).map(({ hostname }) => hostname),
      awaited: away.filter(({ isGivenUp }) => !isGivenUp).length,
      aside: nodesAside(slaves),
    },
    resources: {
      cpus: totalAmount(slaves, 'cpus'),
      mem: totalAmount(slaves, 'mem'),
      disk: totalAmount(slaves, 'disk'),
    },
    apps: {
      total: apps.length,
      instances: {
        used: apps.reduce((sum, app) => sum + readyCount(app), 0),
        total: apps.reduce((sum, app) => sum + app.instances, 0),
      },
      byCondition,
      attention,
    },
    deployments: deployments.length,
  };
}

async function listNodes(session: Session): Promise<{
  readonly slaves: readonly StateSlave[];
  readonly away: readonly AwayNode[];
  readonly problem: string | undefined;
}> {
  try {
    const list = await (await session.master()).slaves();
    return { slaves: list.slaves, away: awayNodes(list), problem: undefined };
  } catch (error) {
    return { slaves: [], away: [], problem: describeError(error) };
  }
}

function nodesAside(slaves: readonly StateSlave[]): Readonly<Record<string, readonly string[]>> {
  const aside: Record<string, string[]> = {};
  for (const slave of slaves) if (!isNodeWell(slave)) (aside[nodeState(slave)] ??= []).push(slave.hostname);
  return aside;
}

function readiness(app: AppInfo): string {
  return `${readyCount(app)} of ${app.instances} instances are ready`;
}

function statusPage(printer: Printer, status: Status): string[] {
  const { apps, agents, resources } = status;
  const counts = Object.entries(apps.byCondition).map(([condition, count]) => `${count} ${condition}`);
  const held = agents.held === 0 ? '' : `; ${agents.held} silent, too many at once to be given up`;
  const lost = agents.outOfContact.length === 0 ? '' : `; out of contact: ${named(agents.outOfContact)}`;
  const awaited = agents.awaited === 0 ? '' : `; ${agents.awaited} not back yet since another server leads`;
  const aside = Object.entries(agents.aside).map(([state, names]) => `; ${state}: ${named(names)}`);
  const agentsText =
    status.masterProblem ?? `${agents.active} of ${agents.total} active${held}${lost}${aside.join('')}${awaited}`;
  const areAgentsWell =
    status.masterProblem === undefined && agents.active > 0 && agents.active === agents.total && agents.held === 0;
  const fields: [string, Cell][] = [
    ['Platform', status.isWell ? { text: 'all is well', style: 'good' } : { text: 'needs attention', style: 'bad' }],
    ['Address', `${status.url}${status.leader === undefined ? ' (no leader)' : ''}`],
    ['Agents', { text: agentsText, style: areAgentsWell ? 'plain' : 'bad' }],
    ['Apps', counts.length === 0 ? 'none yet' : `${apps.total}: ${counts.join(', ')}`],
    ['Instances', `${apps.instances.used} of ${apps.instances.total} ready`],
    ['Deployments', status.deployments === 0 ? 'none' : plural(status.deployments, 'deployment')],
    ['Cpus', share(resources.cpus)],
    ['Mem (MiB)', share(resources.mem)],
    ['Disk (MiB)', share(resources.disk)],
  ];
  return [
    ...printer.fields(fields),
    ...(apps.attention.length === 0 ? [] : ['']),
    ...apps.attention
      .slice(0, ATTENTION_SHOWN_MAX)
      .map(
        ({ id, condition, reason }) =>
          `${safeText(id)} is ${printer.paint(conditionStyle(condition), condition)}: ${safeText(reason)}`,
      ),
    ...(apps.attention.length > ATTENTION_SHOWN_MAX
      ? [`and ${apps.attention.length - ATTENTION_SHOWN_MAX} more: stadion app list`]
      : []),
  ];
}

const ATTENTION_SHOWN_MAX = 20;
const NAMES_SHOWN_MAX = 5;

function named(names: readonly string[]): string {
  const more = names.length - NAMES_SHOWN_MAX;
  return names.slice(0, NAMES_SHOWN_MAX).map(safeText).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function share({ used, total }: Amount): string {
  const percent = total === 0 ? 0 : Math.round((used / total) * 100);
  return `${used} of ${total} used (${percent} %)`;
}
