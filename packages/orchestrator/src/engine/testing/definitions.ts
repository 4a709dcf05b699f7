/** Apps and instances for tests. */
import type { AppDefinition } from '@stadion/contract/orchestrator';
import { stampVersion } from '../../core/app/app-version.ts';
import type { AppSpec } from '../../core/app/spec.ts';
import type { AgentPlace, Instance } from '../../core/instance.ts';
import { provisioned, scheduledInstance } from '../../core/instance-update.ts';

const VERSION = '2026-01-01T00:00:00.000Z';

/** An app that needs nothing but a cpu. */
export function appSpec(id: string, more: Partial<AppSpec> = {}): AppSpec {
  return {
    id,
    cmd: 'sleep 1000',
    instances: 1,
    cpus: 1,
    mem: 16,
    disk: 0,
    gpus: 0,
    executor: '',
    requirePorts: false,
    backoffSeconds: 1,
    backoffFactor: 2,
    maxLaunchDelaySeconds: 300,
    killSelection: 'YOUNGEST_FIRST',
    unreachableStrategy: { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 },
    labels: {},
    role: '*',
    networks: [{ mode: 'host' }],
    upgradeStrategy: { minimumHealthCapacity: 1, maximumOverCapacity: 1 },
    ...more,
  };
}

/** The same with a version. */
export function appDefinition(id: string, more: Partial<AppDefinition> = {}): AppDefinition {
  return { ...stampVersion(appSpec(id), undefined, VERSION), ...more };
}

/** A place with attributes. */
export function place(agentId: string, attributes: Readonly<Record<string, string>> = {}): AgentPlace {
  return {
    agentId,
    hostname: `host-${agentId}`,
    region: undefined,
    zone: undefined,
    attributes: new Map(Object.entries(attributes)),
  };
}

/** An instance of `/app` that runs since `startedAt`. */
export function runningInstance(name: string, startedAt: number, more: Partial<Instance> = {}): Instance {
  const waiting = scheduledInstance(`app.instance-${name}`, '/app', VERSION, startedAt);
  const launched = provisioned(waiting, { appVersion: VERSION, place: place('a1'), hostPorts: [], now: startedAt });
  return { ...launched, condition: 'Running', taskState: 'TASK_RUNNING', startedAt, ...more };
}
