/** Apps and tasks as tables. */
import type { AppInfo, QueueItem, Task } from '@stadion/contract/orchestrator';
import { conditionOf, readyCount } from '../core/app-condition.ts';
import { formatAge } from '../core/durations.ts';
import type { Printer } from '../output/printer.ts';
import { conditionStyle, type Style } from '../output/style.ts';
import type { Cell } from '../output/table.ts';

/** One line per app. */
export function appTable(
  printer: Printer,
  apps: readonly AppInfo[],
  queue: ReadonlyMap<string, QueueItem>,
  nowMs: number,
): string[] {
  const rows = apps.map((app): Cell[] => {
    const condition = conditionOf(app, queue.get(app.id));
    return [
      app.id,
      `${readyCount(app)}/${app.instances}`,
      { text: condition, style: conditionStyle(condition) },
      app.cpus,
      app.mem,
      formatAge(app.version, nowMs),
    ];
  });
  return printer.table(['APP', 'READY', 'STATE', 'CPUS', 'MEM', 'CHANGED'], rows);
}

/** One line per task; with its volumes where any has some. */
export function taskTable(printer: Printer, tasks: readonly Task[], nowMs: number): string[] {
  const hasVolumes = tasks.some(({ localVolumes }) => localVolumes.length > 0);
  const rows = tasks.map((task): Cell[] => [
    task.id,
    { text: task.state.replace(/^TASK_/, '').toLowerCase(), style: stateStyle(task.state) },
    healthCell(task),
    task.host,
    task.ports.join(',') || '-',
    formatAge(task.startedAt ?? task.stagedAt, nowMs),
    ...(hasVolumes ? [task.localVolumes.map(({ containerPath }) => containerPath).join(',') || '-'] : []),
  ]);
  return printer.table(['TASK', 'STATE', 'HEALTH', 'HOST', 'PORTS', 'AGE', ...(hasVolumes ? ['VOLUMES'] : [])], rows);
}

function healthCell(task: Task): Cell {
  if (task.healthCheckResults.length === 0) return '-';
  const isHealthy = task.healthCheckResults.every(({ alive }) => alive);
  return isHealthy ? { text: 'healthy', style: 'good' } : { text: 'unhealthy', style: 'bad' };
}

function stateStyle(state: string): Style {
  if (state === 'TASK_RUNNING') return 'good';
  return state === 'TASK_STAGING' || state === 'TASK_STARTING' || state === 'TASK_KILLING' ? 'busy' : 'bad';
}
