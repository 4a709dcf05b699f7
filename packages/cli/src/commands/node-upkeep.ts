/** `stadion node cordon|uncordon|drain|decommission`: before work on a machine, and after it. */
import { PlatformError } from '@stadion/base';
import type { MasterClient } from '@stadion/contract/client';
import type { StateSlave } from '@stadion/contract/mesos-state';
import { formatDuration } from '../core/durations.ts';
import { awayNodes, type AwayNode } from '../core/nodes.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { waitFor, withDeadline } from '../follow/waiting.ts';
import { limits } from '../limits.ts';
import type { CommandCall, CommandSpec, OptionSpec } from './command.ts';
import { findNode } from './find-node.ts';

const DRAIN_OPTIONS: readonly OptionSpec[] = [
  {
    flags: '--deadline <duration>',
    description: 'until then instances move by themselves, none missing; then they are killed (default: 10m)',
  },
  { flags: '--grace <duration>', description: 'what those killed then have to end (default: what each asks for)' },
  { flags: '--detach', description: 'do not wait until the node is empty' },
  { flags: '--timeout <duration>', description: 'how long to wait; then exit code 3' },
];

const DEADLINE_MS = 600_000;

/** The commands. */
export const nodeUpkeepCommands: readonly CommandSpec[] = [
  {
    path: 'node cordon',
    arguments: '<node>',
    summary: 'give a node no new work; what runs there runs on',
    completes: 'node',
    run: (call) => order(call, 'DEACTIVATE_AGENT', 'gets no new work'),
  },
  {
    path: 'node uncordon',
    arguments: '<node>',
    summary: 'give a node work again, after cordon or drain',
    completes: 'node',
    run: (call) => order(call, 'REACTIVATE_AGENT', 'gets work again'),
  },
  {
    path: 'node drain',
    arguments: '<node>',
    summary: 'move everything off a node and give it no new work',
    completes: 'node',
    options: DRAIN_OPTIONS,
    examples: ['stadion node drain web-3 --deadline 5m', 'stadion node uncordon web-3'],
    run: (call) => drain(call, false),
  },
  {
    path: 'node decommission',
    arguments: '<node>',
    summary: 'drain a node, then forget it for ever: its agent may not come back under its id',
    completes: 'node',
    options: DRAIN_OPTIONS,
    run: (call) => drain(call, true),
  },
];

/** Whether somebody means a node that is out of contact, and which. */
async function awayNodeOf(call: CommandCall, master: MasterClient): Promise<AwayNode | undefined> {
  const list = await master.slaves();
  const written = call.argument(0);
  // One that is here goes before one of the same name that was given up: the machine came back under another id.
  const node = findNode<AwayNode | StateSlave>([...list.slaves, ...awayNodes(list)], written);
  return 'isGivenUp' in node ? node : undefined;
}

/** It cannot be drained; what is left is to say that it never comes back. */
async function forget(call: CommandCall, master: MasterClient, { id, hostname }: AwayNode): Promise<ExitCode> {
  await master.order({ type: 'MARK_AGENT_GONE', mark_agent_gone: { agent_id: { value: id } } });
  const said = `${hostname} is out of contact and counts as gone from now on: so do its tasks, and it may not come back under its id.`;
  call.session.printer.answer({ id, hostname, drained: true }, () => [said], [id]);
  return EXIT.ok;
}

async function order(call: CommandCall, type: string, outcome: string): Promise<ExitCode> {
  const { master, node } = await nodeOf(call);
  await master.order({ type, [type.toLowerCase()]: { agent_id: { value: node.id } } });
  call.session.printer.answer({ id: node.id, hostname: node.hostname }, () => [`${node.hostname} ${outcome}.`], [
    node.id,
  ]);
  return EXIT.ok;
}

async function drain(call: CommandCall, isForEver: boolean): Promise<ExitCode> {
  const away = await awayNodeOf(call, await call.session.master());
  if (away !== undefined) {
    if (isForEver) return forget(call, await call.session.master(), away);
    throw new PlatformError(
      'node-away',
      `${away.hostname} is out of contact: nothing can be moved off it. If it never comes back: stadion node decommission ${away.hostname}`,
    );
  }
  const { master, node } = await nodeOf(call);
  const { printer, time, ports } = call.session;
  const graceMs = call.duration('grace');
  await master.order({
    type: 'DRAIN_AGENT',
    drain_agent: {
      agent_id: { value: node.id },
      deadline: { seconds: (call.duration('deadline') ?? DEADLINE_MS) / 1000 },
      ...(graceMs === undefined ? {} : { max_grace_period: { seconds: graceMs / 1000 } }),
      mark_gone: isForEver,
    },
  });
  const done = (isEmpty: boolean): ExitCode => {
    const what = isEmpty ? (isForEver ? 'is empty and gone' : 'is empty') : 'is being drained';
    printer.answer({ id: node.id, hostname: node.hostname, drained: isEmpty }, () => [`${node.hostname} ${what}.`], [
      node.id,
    ]);
    return EXIT.ok;
  };
  if (call.isSet('detach')) return done(false);
  printer.remark(`Draining ${node.hostname} …`);
  const timeoutMs = call.duration('timeout');
  const deadline = withDeadline(time, ports.interruption(), timeoutMs, () => {
    return new PlatformError(
      'wait-timed-out',
      `${node.hostname} is not empty after ${formatDuration(timeoutMs ?? 0)}. The drain goes on; see: stadion node show ${node.hostname}`,
    );
  });
  try {
    while (!(await isDrained(master, node))) await waitFor(time, limits.drainPollMs, deadline.signal);
  } finally {
    deadline.end();
  }
  return done(true);
}

/** One that is gone is empty as well. */
async function isDrained(master: MasterClient, { id }: StateSlave): Promise<boolean> {
  const { slaves } = await master.slaves();
  const now = slaves.find((slave) => slave.id === id);
  return now === undefined || now.drain_info?.state === 'DRAINED';
}

async function nodeOf(call: CommandCall): Promise<{ readonly master: MasterClient; readonly node: StateSlave }> {
  const master = await call.session.master();
  const { slaves } = await master.slaves();
  return { master, node: findNode(slaves, call.argument(0)) };
}
