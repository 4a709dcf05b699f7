/**
 * When machines are out of service. A machine of the schedule is up, and its frameworks are asked to leave it; then it is
 * taken down, and no agent of it may be part of the cluster; then it is up again and off the schedule
 * (`mesos::internal::master::maintenance`).
 */
import type { ClusterSettings, MachineId, MaintenanceSchedule } from '@stadion/contract/cluster-settings';
import type { AgentInfo } from '@stadion/contract/agent-link';
import type { Unavailability } from '@stadion/contract/mesos-workload';
import { decided, refused, type SettingsDecision } from './settings.ts';

/** When the machine of an agent is planned to be out of service, if it is. */
export function unavailabilityOf({ schedule }: ClusterSettings, agent: AgentInfo): Unavailability | undefined {
  return schedule.windows.find(({ machine_ids: ids }) => ids.some((id) => isOn(agent, id)))?.unavailability;
}

/** Whether the machine of an agent is out of service. */
export function isDown({ down }: ClusterSettings, agent: AgentInfo): boolean {
  return down.some((id) => isOn(agent, id));
}

/** Whether this is the machine of an agent. */
export function isOn({ hostname, ip }: AgentInfo, machine: MachineId): boolean {
  return (
    (machine.hostname === undefined || machine.hostname.toLowerCase() === hostname.toLowerCase()) &&
    (machine.ip === undefined || machine.ip === ip)
  );
}

/** Replaces the whole schedule. What is down stays scheduled until it is up. */
export function updateSchedule(settings: ClusterSettings, schedule: MaintenanceSchedule): SettingsDecision {
  const seen = new Set<string>();
  for (const { machine_ids: ids, unavailability } of schedule.windows) {
    const { start, duration } = unavailability;
    if (!Number.isFinite(start.nanoseconds)) return refused(`'unavailability.start' must be a number of nanoseconds`);
    if (duration !== undefined && !(duration.nanoseconds >= 0)) {
      return refused(`'unavailability.duration' must not be negative`);
    }
    if (ids.length === 0) return refused('A window needs at least one machine');
    for (const id of ids) {
      const problem = machineProblem(id);
      if (problem !== undefined) return refused(problem);
      if (seen.has(keyOf(id))) return refused(`Machine '${nameOf(id)}' is in the schedule more than once`);
      seen.add(keyOf(id));
    }
  }
  const missing = settings.down.find((id) => !seen.has(keyOf(id)));
  return missing === undefined
    ? decided({ ...settings, schedule })
    : refused(`Machine '${nameOf(missing)}' is down: it stays in the schedule until it is brought up`);
}

/** Takes scheduled machines down. */
export function startMaintenance(settings: ClusterSettings, machines: readonly MachineId[]): SettingsDecision {
  const scheduled = new Set(settings.schedule.windows.flatMap(({ machine_ids: ids }) => ids.map(keyOf)));
  const down = new Set(settings.down.map(keyOf));
  const problem = listProblem(machines, (id) => {
    if (!scheduled.has(keyOf(id))) return `Machine '${nameOf(id)}' is not part of a maintenance schedule`;
    return down.has(keyOf(id)) ? `Machine '${nameOf(id)}' is down already` : undefined;
  });
  return problem === undefined ? decided({ ...settings, down: [...settings.down, ...machines] }) : refused(problem);
}

/** Brings machines up, and takes them off the schedule. */
export function stopMaintenance(settings: ClusterSettings, machines: readonly MachineId[]): SettingsDecision {
  const down = new Set(settings.down.map(keyOf));
  const problem = listProblem(machines, (id) =>
    down.has(keyOf(id)) ? undefined : `Machine '${nameOf(id)}' is not down and cannot be brought up`,
  );
  if (problem !== undefined) return refused(problem);
  const up = new Set(machines.map(keyOf));
  const isUp = (id: MachineId): boolean => up.has(keyOf(id));
  const windows = settings.schedule.windows
    .map((window) => ({ ...window, machine_ids: window.machine_ids.filter((id) => !isUp(id)) }))
    .filter(({ machine_ids: ids }) => ids.length > 0);
  return decided({ ...settings, schedule: { windows }, down: settings.down.filter((id) => !isUp(id)) });
}

/** The machines of the schedule that are still up. */
export function drainingMachines({ schedule, down }: ClusterSettings): readonly MachineId[] {
  const isDownNow = new Set(down.map(keyOf));
  return schedule.windows.flatMap(({ machine_ids: ids }) => ids).filter((id) => !isDownNow.has(keyOf(id)));
}

function listProblem(
  machines: readonly MachineId[],
  problemOf: (id: MachineId) => string | undefined,
): string | undefined {
  if (machines.length === 0) return 'The list of machines is empty';
  const seen = new Set<string>();
  for (const id of machines) {
    const problem = machineProblem(id) ?? problemOf(id);
    if (problem !== undefined) return problem;
    if (seen.has(keyOf(id))) return `Machine '${nameOf(id)}' is in the list more than once`;
    seen.add(keyOf(id));
  }
  return undefined;
}

function machineProblem({ hostname = '', ip = '' }: MachineId): string | undefined {
  if (hostname === '' && ip === '') return `A machine needs a 'hostname' or an 'ip'`;
  return ip === '' || ADDRESS.test(ip) ? undefined : `'${ip}' is not an IP address`;
}

/** The form of an IPv4 or an IPv6 address; it is only compared, never used. */
const ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|[\da-f:.]*:[\da-f:.]*)$/i;

function keyOf({ hostname = '', ip = '' }: MachineId): string {
  return `${hostname.toLowerCase()} ${ip}`;
}

function nameOf({ hostname, ip }: MachineId): string {
  return [hostname, ip].filter((part) => part !== undefined && part !== '').join(' ');
}
