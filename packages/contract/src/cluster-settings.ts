/**
 * What operators decide for a whole cluster, in Mesos's v1 shapes: weights and quotas of roles, and when machines are
 * out of service (`mesos.v1.quota`, `mesos.v1.maintenance`).
 */
import { Type, type Static } from '@sinclair/typebox';
import { Unavailability } from './mesos/resources.ts';

const Amounts = Type.Record(Type.String(), Type.Object({ value: Type.Number() }));

/** How much of what a role may have at most (`limits`), and what it is given before others (`guarantees`); by name. */
export const QuotaConfig = Type.Object({
  role: Type.String(),
  guarantees: Type.Optional(Amounts),
  limits: Type.Optional(Amounts),
});
export type QuotaConfig = Static<typeof QuotaConfig>;

/** A role and how much it counts beside its siblings; 1 where nothing is said. */
export const WeightInfo = Type.Object({ role: Type.String(), weight: Type.Number() });
export type WeightInfo = Static<typeof WeightInfo>;

/** A machine by its host name, its address, or both: whatever is said must fit. */
export const MachineId = Type.Object({ hostname: Type.Optional(Type.String()), ip: Type.Optional(Type.String()) });
export type MachineId = Static<typeof MachineId>;

/** Machines that are out of service at the same time. */
export const MaintenanceWindow = Type.Object({
  machine_ids: Type.Array(MachineId),
  unavailability: Unavailability,
});

/** All that is planned. */
export const MaintenanceSchedule = Type.Object({ windows: Type.Array(MaintenanceWindow) });
export type MaintenanceSchedule = Static<typeof MaintenanceSchedule>;

/** Everything together, as it is kept. `down`: machines that are out of service now. */
export const ClusterSettings = Type.Object({
  weights: Type.Array(WeightInfo),
  quotas: Type.Array(QuotaConfig),
  schedule: MaintenanceSchedule,
  down: Type.Array(MachineId),
});
export type ClusterSettings = Static<typeof ClusterSettings>;
