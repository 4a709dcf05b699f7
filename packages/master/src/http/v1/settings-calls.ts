/** Calls that read and change what operators decide for the cluster: weights, quotas, maintenance. */
import { Type, type Static, type TSchema } from '@sinclair/typebox';
import { MachineId, MaintenanceSchedule, QuotaConfig, WeightInfo } from '@stadion/contract/cluster-settings';
import { Resource } from '@stadion/contract/mesos';
import { readLenient } from '@stadion/contract/mesos-wire';
import { quotaChange, type SettingsChange } from '../../core/allocation/quota-change.ts';
import type { ClusterView } from '../../core/cluster/state.ts';
import {
  drainingMachines,
  isOn,
  startMaintenance,
  stopMaintenance,
  updateSchedule,
} from '../../core/settings/maintenance.ts';
import { effectiveWeights, updateWeights } from '../../core/settings/weights.ts';

/** What a call wants, or what is wrong with it. */
type ReadChange = (body: unknown, name: string) => SettingsChange | { readonly problem: string };

const Machines = Type.Object({ machines: Type.Array(MachineId) });

/** Every call that changes the settings, by its type: reads the member of the call that is named for the type. */
export const SETTINGS_CHANGES: Readonly<Record<string, ReadChange>> = {
  UPDATE_WEIGHTS: reading(Type.Object({ weight_infos: Type.Array(WeightInfo) }), ({ weight_infos: infos }) => {
    return (settings) => updateWeights(settings, infos);
  }),
  UPDATE_QUOTA: reading(
    Type.Object({ force: Type.Optional(Type.Boolean()), quota_configs: Type.Array(QuotaConfig) }),
    ({ force = false, quota_configs: configs }) => quotaChange(configs, force),
  ),
  SET_QUOTA: reading(
    Type.Object({
      quota_request: Type.Object({
        force: Type.Optional(Type.Boolean()),
        role: Type.String(),
        guarantee: Type.Array(Resource),
      }),
    }),
    ({ quota_request: { role, guarantee, force = false } }) => quotaChange([olderQuota(role, guarantee)], force),
  ),
  REMOVE_QUOTA: reading(Type.Object({ role: Type.String() }), ({ role }) => quotaChange([{ role }], true)),
  UPDATE_MAINTENANCE_SCHEDULE: reading(Type.Object({ schedule: MaintenanceSchedule }), ({ schedule }) => {
    return (settings) => updateSchedule(settings, schedule);
  }),
  START_MAINTENANCE: reading(
    Machines,
    ({ machines }) =>
      (settings) =>
        startMaintenance(settings, machines),
  ),
  STOP_MAINTENANCE: reading(
    Machines,
    ({ machines }) =>
      (settings) =>
        stopMaintenance(settings, machines),
  ),
};

/** `QuotaStatus`: the configurations, and the guarantees once more in the form that was before them. */
export function quotaStatus({ settings }: ClusterView) {
  return {
    infos: settings.quotas.map(({ role, guarantees = {} }) => ({
      role,
      guarantee: Object.entries(guarantees).map(([name, scalar]) => ({ name, type: 'SCALAR', scalar })),
    })),
    configs: settings.quotas,
  };
}

/** `ClusterStatus`: machines that are to go, with what their frameworks say to it, and those that are down. */
export function maintenanceStatus(view: ClusterView) {
  return {
    draining_machines: drainingMachines(view.settings).map((id) => ({
      id,
      statuses: [...view.agents.values()]
        .filter(({ info }) => isOn(info, id))
        .flatMap((agent) => [...(view.inverseOffers.get(agent.id) ?? [])])
        .map(([frameworkId, { answer, at }]) => ({
          status: answer,
          framework_id: { value: frameworkId },
          timestamp: { nanoseconds: at * 1_000_000 },
        })),
    })),
    down_machines: view.settings.down,
  };
}

/** The weights that hold. */
export function weightInfos({ config, settings }: ClusterView): WeightInfo[] {
  return [...effectiveWeights(config.weights, settings)].map(([role, weight]) => ({ role, weight }));
}

function reading<Schema extends TSchema>(schema: Schema, change: (body: Static<Schema>) => SettingsChange): ReadChange {
  return (body, name) => {
    const read = readLenient(schema, body ?? {});
    return read.ok ? change(read.value) : { problem: `${read.problem} (of '${name}')` };
  };
}

/** SET_QUOTA and `POST /quota`: what is guaranteed is the limit as well, as it was before limits were. */
function olderQuota(role: string, guarantee: readonly Resource[]): QuotaConfig {
  const amounts = Object.fromEntries(
    guarantee.map(({ name, scalar }) => [name, { value: scalar?.value ?? Number.NaN }]),
  );
  return { role, guarantees: amounts, limits: amounts };
}
