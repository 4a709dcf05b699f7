/** `stadion node …`: the agents, what they have, and how they are to be treated. */
import type { StateResources, StateSlave } from '@stadion/contract/mesos-state';
import type { Task } from '@stadion/contract/orchestrator';
import { awayNodes, containerizersOf, isNodeWell, nodeState, type AwayNode } from '../core/nodes.ts';
import { formatAge } from '../core/durations.ts';
import { EXIT } from '../exit-codes.ts';
import type { Printer } from '../output/printer.ts';
import type { Cell } from '../output/table.ts';
import type { CommandSpec } from './command.ts';
import { findNode } from './find-node.ts';
import { nodeUpkeepCommands } from './node-upkeep.ts';
import { taskTable } from './views.ts';

/** The commands. */
export const nodeCommands: readonly CommandSpec[] = [
  {
    path: 'node list',
    summary: 'list the agents and how much of them is used',
    async run(call) {
      const { printer, time } = call.session;
      const list = await (await call.session.master()).slaves();
      const { slaves } = list;
      const rows = [...slaves.map((slave) => nodeRow(slave, time.now())), ...awayNodes(list).map(awayRow)];
      printer.answer(
        slaves,
        () => printer.table(['NODE', 'ID', 'STATE', 'CPUS', 'MEM', 'DISK', 'RUNS', 'UP'], rows),
        slaves.map(({ id }) => id),
      );
      return EXIT.ok;
    },
  },
  {
    path: 'node show',
    arguments: '<node>',
    summary: 'show one agent, by its name or id, and its tasks',
    completes: 'node',
    async run(call) {
      const { printer, time } = call.session;
      const { slaves } = await (await call.session.master()).slaves();
      const slave = findNode(slaves, call.argument(0));
      const { tasks } = await (await call.session.orchestrator()).listTasks();
      const here = tasks.filter(({ slaveId }) => slaveId === slave.id);
      printer.answer({ ...slave, tasks: here }, () => nodePage(printer, slave, here, time.now()), [slave.id]);
      return EXIT.ok;
    },
  },
  ...nodeUpkeepCommands,
];

function nodeRow(slave: StateSlave, nowMs: number): Cell[] {
  return [
    slave.hostname,
    slave.id,
    stateCell(slave),
    usage(slave, 'cpus'),
    usage(slave, 'mem'),
    usage(slave, 'disk'),
    containerizersOf(slave).join(',') || '-',
    formatAge(slave.registered_time * 1000, nowMs),
  ];
}

function awayRow({ hostname, id, isGivenUp }: AwayNode): Cell[] {
  const state: Cell = { text: isGivenUp ? 'out of contact' : 'not back yet', style: 'bad' };
  return [hostname, id, state, '-', '-', '-', '-', '-'];
}

function nodePage(printer: Printer, slave: StateSlave, tasks: readonly Task[], nowMs: number): string[] {
  const attributes = Object.entries(slave.attributes).map(([name, value]) => `${name}=${value}`);
  const fields: [string, Cell][] = [
    ['Node', slave.hostname],
    ['Id', slave.id],
    ['State', stateCell(slave)],
    ['Address', slave.pid.slice(slave.pid.indexOf('@') + 1)],
    ['Version', slave.version],
    ['Runs', containerizersOf(slave).join(', ') || '-'],
    ['Cpus', usage(slave, 'cpus')],
    ['Mem (MiB)', usage(slave, 'mem')],
    ['Disk (MiB)', usage(slave, 'disk')],
    ['Reserved', reservedText(slave) || '-'],
    ['Ports', String(slave.resources.ports ?? '-')],
    ['Attributes', attributes.join(', ') || '-'],
    ['Up', formatAge(slave.registered_time * 1000, nowMs)],
  ];
  return [...printer.fields(fields), ...(tasks.length === 0 ? [] : ['', ...taskTable(printer, tasks, nowMs)])];
}

/** What is set aside, by role: volumes and what runs with them. */
function reservedText({ reserved_resources: reserved = {} }: StateSlave): string {
  return Object.entries(reserved)
    .map(([role, amounts]) => {
      const [cpus, mem, disk] = ['cpus', 'mem', 'disk'].map((name) => amount(amounts, name));
      return `${role}: ${cpus} cpus, ${mem} MiB mem, ${disk} MiB disk`;
    })
    .join('; ');
}

function stateCell(slave: StateSlave): Cell {
  return { text: nodeState(slave), style: isNodeWell(slave) ? 'good' : 'bad' };
}

function usage({ resources, used_resources: used }: StateSlave, name: string): string {
  return `${amount(used, name)}/${amount(resources, name)}`;
}

function amount(resources: StateResources, name: string): number {
  const value = resources[name];
  return typeof value === 'number' ? Math.round(value * 1000) / 1000 : 0;
}
