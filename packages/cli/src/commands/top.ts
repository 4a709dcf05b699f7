/** `stadion top`: what running tasks use, live. */
import type { StateSlave } from '@stadion/contract/mesos-state';
import { formatBytes, lookAt, usageBetween, type Look, type TaskUsage } from '../core/task-usage.ts';
import { instanceLabel, matchTasks } from '../core/task-names.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { waitFor } from '../follow/waiting.ts';
import { limits } from '../limits.ts';
import type { Cell } from '../output/table.ts';
import type { Session } from '../platform/session.ts';
import { getApp } from './lookup.ts';
import type { CommandCall, CommandSpec } from './command.ts';

/** From the top left, and everything below forgotten. */
const CLEAR = '\u001b[H\u001b[J';
const HEADER = ['TASK', 'NODE', 'CPU', 'OF', 'THROTTLED', 'MEM', 'OF', 'PEAK', 'DISK', 'IN/S', 'OUT/S', 'PROCS'];

/** The command. */
export const topCommands: readonly CommandSpec[] = [
  {
    path: 'top',
    arguments: '[app-or-task]',
    summary: 'show what tasks use, the busiest first, until Ctrl-C; once when it does not go to a terminal',
    completes: 'app-or-task',
    options: [{ flags: '--once', description: 'show it once' }],
    examples: ['stadion top', 'stadion top web', 'stadion top --once -o json'],
    run: top,
  },
];

async function top(call: CommandCall): Promise<ExitCode> {
  const { session } = call;
  const { printer } = session;
  const isLive = printer.stdout.isTerminal && printer.format === 'table' && !call.isSet('once');
  const isWanted = await filterOf(session, call.arguments[0]);
  const signal = session.ports.interruption();
  let before = await look(session);
  while (!signal.aborted) {
    try {
      await waitFor(session.time, limits.usagePollMs, signal);
    } catch {
      break;
    }
    const after = await look(session);
    const usage = usageBetween(before, after).filter(({ task }) => isWanted(task));
    before = after;
    if (!isLive) {
      printer.answer(
        usage,
        () => printer.table(HEADER, usage.map(row)),
        usage.map(({ task }) => task),
      );
      return EXIT.ok;
    }
    const shown = usage.slice(0, limits.usageRows);
    printer.stdout.write(`${CLEAR}${printer.table(HEADER, shown.map(row)).join('\n')}\n`);
  }
  return EXIT.ok;
}

/** Which tasks are meant: those of an app, or those whose names fit. */
async function filterOf(session: Session, written: string | undefined): Promise<(task: string) => boolean> {
  if (written === undefined) return () => true;
  const client = await session.orchestrator();
  const fitting = matchTasks((await client.listTasks()).tasks, written);
  const ids = new Set(
    (fitting.length > 0 ? fitting : ((await getApp(client, written)).tasks ?? [])).map(({ id }) => id),
  );
  return (task) => ids.has(task);
}

/** All agents at once; one that does not answer is left out. */
async function look(session: Session): Promise<Look> {
  const { slaves } = await (await session.master()).slaves();
  const ask = async (slave: StateSlave) => {
    const agent = await session.agent(slave);
    const statistics = await agent.statistics().catch(() => []);
    return { node: slave.hostname, statistics };
  };
  return lookAt(await Promise.all(slaves.filter(({ active }) => active).map(ask)));
}

function row(usage: TaskUsage): Cell[] {
  const { cpus, cpusGranted, throttled, memoryBytes, memoryLimitBytes } = usage;
  const isNearLimit = memoryLimitBytes > 0 && memoryBytes > 0.9 * memoryLimitBytes;
  const memory = formatBytes(memoryBytes);
  return [
    instanceLabel(usage.task),
    usage.node,
    cpus.toFixed(2),
    String(cpusGranted),
    throttled === undefined ? '-' : `${(100 * throttled).toFixed(0)} %`,
    isNearLimit ? { text: memory, style: 'bad' } : memory,
    bytes(memoryLimitBytes),
    bytes(usage.memoryPeakBytes),
    bytes(usage.diskBytes),
    bytes(usage.receivedBytesPerSecond),
    bytes(usage.sentBytesPerSecond),
    usage.processes,
  ];
}

function bytes(amount: number | undefined): string {
  return amount === undefined ? '-' : formatBytes(amount);
}
