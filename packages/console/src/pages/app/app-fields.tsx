/** Every field of a configuration, also those that nobody set. */
import type { AppDefinition } from '@stadion/contract/orchestrator';
import { FieldList } from '../../parts/field-list.tsx';

/** The fields in the order in which people look for them. */
const FIELDS = [
  'cmd',
  'args',
  'container',
  'instances',
  'cpus',
  'mem',
  'disk',
  'gpus',
  'env',
  'labels',
  'networks',
  'portDefinitions',
  'requirePorts',
  'healthChecks',
  'readinessChecks',
  'check',
  'upgradeStrategy',
  'killSelection',
  'taskKillGracePeriodSeconds',
  'unreachableStrategy',
  'backoffSeconds',
  'backoffFactor',
  'maxLaunchDelaySeconds',
  'constraints',
  'dependencies',
  'fetch',
  'secrets',
  'user',
  'role',
  'acceptedResourceRoles',
  'residency',
  'resourceLimits',
  'executor',
  'executorResources',
  'tty',
] as const satisfies readonly (keyof AppDefinition)[];

export function AppFields({ app }: { readonly app: AppDefinition }) {
  return <FieldList fields={FIELDS.map((name) => [name, app[name]])} />;
}
