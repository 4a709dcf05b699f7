/** `stadion maintenance …`: when machines will be out of service, so that what runs there can move in time. */
import type { MaintenanceSchedule } from '@stadion/contract/cluster-settings';
import { formatDuration } from '../core/durations.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { usageError } from '../report-error.ts';
import type { CommandCall, CommandSpec } from './command.ts';

type Window = MaintenanceSchedule['windows'][number];
type Machine = Window['machine_ids'][number];

const NANOSECONDS = 1_000_000;

/** The commands. */
export const maintenanceCommands: readonly CommandSpec[] = [
  {
    path: 'maintenance list',
    summary: 'list machines that are or will be out of service',
    async run(call) {
      const { printer, time } = call.session;
      const client = await call.session.orchestrator();
      const [{ windows }, status] = await Promise.all([client.maintenanceSchedule(), client.maintenanceStatus()]);
      const down = new Set((status.down_machines ?? []).map(nameOf));
      const rows = windows.flatMap(({ machine_ids: machines, unavailability: { start, duration } }) =>
        machines.map((machine) => [
          nameOf(machine),
          down.has(nameOf(machine)) ? 'out of service' : whenOf(start.nanoseconds / NANOSECONDS, time.now()),
          duration === undefined ? 'for ever' : formatDuration(duration.nanoseconds / NANOSECONDS),
        ]),
      );
      printer.answer(
        { windows, down: [...down] },
        () => printer.table(['MACHINE', 'STARTS', 'LASTS'], rows),
        rows.map(([name = '']) => name),
      );
      return EXIT.ok;
    },
  },
  {
    path: 'maintenance add',
    arguments: '<machine...>',
    summary: 'plan when machines will be out of service; frameworks are asked to leave them',
    options: [
      { flags: '--in <duration>', description: 'from now on until it starts (default: at once)' },
      { flags: '--for <duration>', description: 'how long it lasts (default: until it is removed)' },
    ],
    examples: ['stadion maintenance add web-3 web-4 --in 2h --for 30m'],
    async run(call) {
      const starts = call.session.time.now() + (call.duration('in') ?? 0);
      const lasts = call.duration('for');
      const added: Window = {
        machine_ids: call.arguments.map(machineOf),
        unavailability: {
          start: { nanoseconds: starts * NANOSECONDS },
          ...(lasts !== undefined && { duration: { nanoseconds: lasts * NANOSECONDS } }),
        },
      };
      const { windows } = await (await call.session.orchestrator()).maintenanceSchedule();
      await plan(call, [...without(windows, call.arguments), added]);
      return told(call, 'planned');
    },
  },
  {
    path: 'maintenance remove',
    arguments: '<machine...>',
    summary: 'take machines out of the plan',
    async run(call) {
      const { windows } = await (await call.session.orchestrator()).maintenanceSchedule();
      const rest = without(windows, call.arguments);
      if (countOf(rest) === countOf(windows)) throw usageError(`Nothing is planned for ${call.arguments.join(', ')}.`);
      await plan(call, rest);
      return told(call, 'no longer planned');
    },
  },
  {
    path: 'maintenance start',
    arguments: '<machine...>',
    summary: 'take machines out of service now: what still runs there is lost',
    run: (call) => turn(call, 'START_MAINTENANCE', 'out of service'),
  },
  {
    path: 'maintenance stop',
    arguments: '<machine...>',
    summary: 'take machines into service again',
    run: (call) => turn(call, 'STOP_MAINTENANCE', 'in service again'),
  },
];

async function plan({ session }: CommandCall, windows: readonly Window[]): Promise<void> {
  const master = await session.master();
  await master.order({ type: 'UPDATE_MAINTENANCE_SCHEDULE', update_maintenance_schedule: { schedule: { windows } } });
}

async function turn(call: CommandCall, type: string, outcome: string): Promise<ExitCode> {
  const master = await call.session.master();
  await master.order({ type, [type.toLowerCase()]: { machines: call.arguments.map(machineOf) } });
  return told(call, outcome);
}

function told({ session: { printer }, arguments: names }: CommandCall, outcome: string): ExitCode {
  printer.answer({ machines: names, outcome }, () => names.map((name) => `${name}: ${outcome}.`), [...names]);
  return EXIT.ok;
}

function without(windows: readonly Window[], names: readonly string[]): readonly Window[] {
  return windows.flatMap(({ machine_ids: machines, ...rest }) => {
    const left = machines.filter((machine) => !names.includes(nameOf(machine)));
    return left.length === 0 ? [] : { ...rest, machine_ids: left };
  });
}

function countOf(windows: readonly Window[]): number {
  return windows.reduce((sum, { machine_ids: machines }) => sum + machines.length, 0);
}

/** An address names a machine by itself. */
function machineOf(name: string): Machine {
  return /^[\d.]+$|:/.test(name) ? { ip: name } : { hostname: name };
}

function nameOf({ hostname, ip }: Machine): string {
  return hostname ?? ip ?? '';
}

function whenOf(startMs: number, nowMs: number): string {
  return startMs <= nowMs ? 'now' : `in ${formatDuration(startMs - nowMs)}`;
}
