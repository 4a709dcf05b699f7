/** Apps for tests, as the orchestrator answers them. */
import type { AppInfo, Task } from '@stadion/contract/orchestrator';
import { viewOf, type AppView } from '../core/app-view.ts';

/** A running task of an app with the given ports. */
export function sampleTask(appId: string, index: number, changes: Partial<Task> = {}): Task {
  return {
    id: `${appId.slice(1).replaceAll('/', '_')}.instance-${index}`,
    appId,
    host: '10.0.0.1',
    state: 'TASK_RUNNING',
    role: '*',
    ports: [31_000 + 2 * index, 31_001 + 2 * index],
    servicePorts: [],
    ipAddresses: [],
    healthCheckResults: [],
    localVolumes: [],
    ...changes,
  };
}

/** An app with two ports and two tasks. */
export function sampleApp(id: string, labels: Record<string, string>, changes: Partial<AppInfo> = {}): AppInfo {
  return {
    id,
    labels,
    instances: 2,
    cpus: 0.1,
    mem: 32,
    disk: 0,
    gpus: 0,
    executor: '',
    requirePorts: false,
    backoffSeconds: 1,
    backoffFactor: 1.15,
    maxLaunchDelaySeconds: 300,
    killSelection: 'YOUNGEST_FIRST',
    unreachableStrategy: 'disabled',
    role: '*',
    networks: [{ mode: 'host' }],
    upgradeStrategy: { minimumHealthCapacity: 1, maximumOverCapacity: 1 },
    version: '2026-01-01T00:00:00.000Z',
    versionInfo: { lastScalingAt: '2026-01-01T00:00:00.000Z', lastConfigChangeAt: '2026-01-01T00:00:00.000Z' },
    portDefinitions: [
      { port: 10_000, protocol: 'tcp', name: 'http' },
      { port: 10_001, protocol: 'tcp', name: 'admin' },
    ],
    tasks: [sampleTask(id, 0), sampleTask(id, 1)],
    ...changes,
  };
}

/** The same as the dialects see it. */
export function sampleView(id: string, labels: Record<string, string>, changes: Partial<AppInfo> = {}): AppView {
  return viewOf(sampleApp(id, labels, changes), { nowMs: 0, wasServing: () => false });
}
