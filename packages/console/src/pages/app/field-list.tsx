/** Every field of a configuration, also those that nobody set. */
import type { AppDefinition } from '@stadion/contract/orchestrator';
import styles from './field-list.module.css';

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

export function FieldList({ app }: { readonly app: AppDefinition }) {
  return (
    <dl className={styles['fields']}>
      {FIELDS.map((name) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <Value value={app[name]} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Value({ value }: { readonly value: unknown }) {
  if (value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0)) {
    return <span className={styles['unset']}>unspecified</span>;
  }
  if (typeof value === 'object') return <pre>{JSON.stringify(value, undefined, 2)}</pre>;
  return <code>{typeof value === 'string' ? value : JSON.stringify(value)}</code>;
}
