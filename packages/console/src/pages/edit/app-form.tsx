/** The form: the members that people set, section by section. What it does not know stays as it is in the JSON. */
import { memberAt, withMember, isObject, type Json, type JsonObject } from '../../core/app-draft.ts';
import { ListField, PairsField } from './list-fields.tsx';
import { NumberField, TextField } from './fields.tsx';
import { formFrame, Section, type FormProps } from './form-parts.tsx';
import { HealthChecksField } from './health-checks-field.tsx';
import styles from './fields.module.css';

export function AppForm(props: FormProps) {
  const { draft, problems } = props;
  const { frame, set } = formFrame(props);
  return (
    <div className={styles['form']}>
      <Section title="General" isOpen>
        <TextField label="Id" hint="With the groups before it: /shop/web" {...frame(['id'])} />
        <div className={styles['row']}>
          <NumberField label="Instances" step={1} {...frame(['instances'])} />
          <NumberField label="CPU (cores)" {...frame(['cpus'])} />
          <NumberField label="Memory (MiB)" {...frame(['mem'])} />
        </div>
        <TextField label="Command" hint="Runs in a shell; ports are in $PORT0, $PORT1, …" isLong {...frame(['cmd'])} />
        <div className={styles['row']}>
          <NumberField label="Disk (MiB)" {...frame(['disk'])} />
          <NumberField label="GPUs" step={1} {...frame(['gpus'])} />
          <TextField label="User" {...frame(['user'])} />
        </div>
      </Section>
      <Section title="Container" isOpen={draft['container'] !== undefined}>
        <TextField
          label="Image"
          hint="Empty: a plain process on the machine"
          value={memberAt(draft, ['container', 'docker', 'image'])}
          problem={problems.find(({ path }) => path === '/container/docker/image')?.message}
          onChange={(value) => {
            set(
              ['container'],
              value === undefined ? undefined : withMember(container(draft), ['docker', 'image'], value),
            );
          }}
        />
      </Section>
      <Section title="Ports" isOpen={draft['portDefinitions'] !== undefined}>
        <ListField
          label="Port"
          hint="0 lets the platform choose"
          columns={[
            { name: 'port', title: 'Service port', kind: 'number' },
            { name: 'name', title: 'Name', kind: 'text' },
            { name: 'protocol', title: 'Protocol', kind: 'text' },
          ]}
          fresh={{ port: 0, protocol: 'tcp' }}
          {...frame(['portDefinitions'])}
        />
      </Section>
      <Section title="Environment" isOpen={draft['env'] !== undefined}>
        <PairsField label="Variable" {...frame(['env'])} />
      </Section>
      <Section title="Labels" isOpen={draft['labels'] !== undefined}>
        <PairsField label="Label" {...frame(['labels'])} />
      </Section>
      <Section title="Health checks" isOpen={draft['healthChecks'] !== undefined}>
        <HealthChecksField problems={problems} {...frame(['healthChecks'])} />
      </Section>
      <Section title="Placement and rollout" isOpen={draft['constraints'] !== undefined}>
        <ListField
          label="Constraint"
          hint="E.g. rack, GROUP_BY, 3 or hostname, UNIQUE"
          columns={[
            { name: 0, title: 'Field', kind: 'text' },
            { name: 1, title: 'Operator', kind: 'text' },
            { name: 2, title: 'Value', kind: 'text' },
          ]}
          fresh={['hostname', 'UNIQUE']}
          {...frame(['constraints'])}
        />
        <div className={styles['row']}>
          <NumberField label="Minimum health" hint="0 to 1" {...frame(['upgradeStrategy', 'minimumHealthCapacity'])} />
          <NumberField label="Over capacity" hint="0 to 1" {...frame(['upgradeStrategy', 'maximumOverCapacity'])} />
          <NumberField label="Kill grace (s)" step={1} {...frame(['taskKillGracePeriodSeconds'])} />
        </div>
        <div className={styles['row']}>
          <NumberField label="Backoff (s)" step={1} {...frame(['backoffSeconds'])} />
          <NumberField label="Backoff factor" {...frame(['backoffFactor'])} />
          <NumberField label="Longest backoff (s)" step={1} {...frame(['maxLaunchDelaySeconds'])} />
        </div>
        <ListField
          label="Artifact"
          columns={[{ name: 'uri', title: 'URI', kind: 'text' }]}
          fresh={{ uri: 'https://' }}
          {...frame(['fetch'])}
        />
      </Section>
    </div>
  );
}

function container(draft: JsonObject): Json {
  return isObject(draft['container']) ? draft['container'] : { type: 'DOCKER' };
}
