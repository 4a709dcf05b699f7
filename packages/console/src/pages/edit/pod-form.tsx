/** The form of a pod: what its containers run and need, and how many instances there are. The rest stays in the JSON. */
import { Plus, Trash2 } from 'lucide-react';
import { isObject, memberAt, type Json, type JsonObject } from '../../core/app-draft.ts';
import { Button } from '../../parts/button.tsx';
import { NumberField, TextField } from './fields.tsx';
import { formFrame, Section, type FormFrame, type FormProps } from './form-parts.tsx';
import { ListField, PairsField } from './list-fields.tsx';
import styles from './fields.module.css';

export function PodForm(props: FormProps) {
  const { draft } = props;
  const form = formFrame(props);
  const { frame, set } = form;
  const containers = Array.isArray(draft['containers']) ? (draft['containers'] as readonly Json[]) : [];
  return (
    <div className={styles['form']}>
      <Section title="General" isOpen>
        <TextField label="Id" hint="With the groups before it: /shop/web" {...frame(['id'])} />
        <NumberField
          label="Instances"
          step={1}
          {...frame(['scaling', 'instances'])}
          onChange={(instances) => {
            set(['scaling'], instances === undefined ? undefined : { kind: 'fixed', instances });
          }}
        />
      </Section>
      {containers.map((container, index) => (
        <Section key={index} title={`Container ${nameOf(container, index)}`} isOpen>
          <ContainerFields
            form={form}
            index={index}
            container={container}
            onRemove={() => {
              set(['containers', index], undefined);
            }}
          />
        </Section>
      ))}
      <div className={styles['fields']}>
        <div>
          <Button
            kind="quiet"
            icon={<Plus size={15} aria-hidden />}
            onClick={() => {
              set(['containers'], [...containers, freshContainer(containers)]);
            }}
          >
            Add container
          </Button>
        </div>
      </div>
      <Section title="Environment of all containers" isOpen={draft['environment'] !== undefined}>
        <PairsField label="Variable" {...frame(['environment'])} />
      </Section>
      <Section title="Labels" isOpen={draft['labels'] !== undefined}>
        <PairsField label="Label" {...frame(['labels'])} />
      </Section>
      <Section title="Placement and rollout" isOpen={memberAt(draft, ['scheduling', 'placement']) !== undefined}>
        <ListField
          label="Constraint"
          hint="E.g. rack, GROUP_BY, 3 or hostname, UNIQUE"
          columns={[
            { name: 'fieldName', title: 'Field', kind: 'text' },
            { name: 'operator', title: 'Operator', kind: 'text' },
            { name: 'value', title: 'Value', kind: 'text' },
          ]}
          fresh={{ fieldName: 'hostname', operator: 'UNIQUE' }}
          {...frame(['scheduling', 'placement', 'constraints'])}
        />
        <div className={styles['row']}>
          <NumberField
            label="Minimum health"
            hint="0 to 1"
            {...frame(['scheduling', 'upgrade', 'minimumHealthCapacity'])}
          />
          <NumberField
            label="Over capacity"
            hint="0 to 1"
            {...frame(['scheduling', 'upgrade', 'maximumOverCapacity'])}
          />
        </div>
      </Section>
    </div>
  );
}

function ContainerFields({
  form: { frame, set },
  index,
  container,
  onRemove,
}: {
  readonly form: FormFrame;
  readonly index: number;
  readonly container: Json;
  readonly onRemove: () => void;
}) {
  const at = (...path: readonly (string | number)[]) => frame(['containers', index, ...path]);
  return (
    <>
      <TextField label="Name" {...at('name')} />
      <TextField label="Command" hint="Runs in a shell" isLong {...at('exec', 'command', 'shell')} />
      <TextField
        label="Image"
        hint="Empty: a plain process on the machine"
        {...at('image', 'id')}
        onChange={(id) => {
          set(
            ['containers', index, 'image'],
            id === undefined ? undefined : { kind: 'DOCKER', ...imageOf(container), id },
          );
        }}
      />
      <div className={styles['row']}>
        <NumberField label="CPU (cores)" {...at('resources', 'cpus')} />
        <NumberField label="Memory (MiB)" {...at('resources', 'mem')} />
        <NumberField label="Disk (MiB)" {...at('resources', 'disk')} />
      </div>
      <ListField
        label="Endpoint"
        hint="Host port 0 lets the platform choose; the container port counts on networks of its own"
        columns={[
          { name: 'name', title: 'Name', kind: 'text' },
          { name: 'hostPort', title: 'Host port', kind: 'number' },
          { name: 'containerPort', title: 'Container port', kind: 'number' },
        ]}
        fresh={{ name: 'http', hostPort: 0 }}
        {...at('endpoints')}
      />
      <div>
        <Button kind="quiet" icon={<Trash2 size={15} aria-hidden />} onClick={onRemove}>
          Remove container
        </Button>
      </div>
    </>
  );
}

function nameOf(container: Json, index: number): string {
  const name = memberAt(container, ['name']);
  return typeof name === 'string' && name !== '' ? name : String(index + 1);
}

function imageOf(container: Json): JsonObject {
  const image = memberAt(container, ['image']);
  return isObject(image) ? image : {};
}

function freshContainer(containers: readonly Json[]): Json {
  return {
    name: `container-${String(containers.length + 1)}`,
    exec: { command: { shell: 'sleep 1000' } },
    resources: { cpus: 0.1, mem: 32 },
  };
}
