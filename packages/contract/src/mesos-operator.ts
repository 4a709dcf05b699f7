/** Answers of the master's operator API (`/api/v1`), as far as Stadion's own clients read them. Masters may send more. */
import { Type, type Static } from '@sinclair/typebox';

/** `GET_MASTER`. Times are seconds since the epoch. */
export const MasterAnswer = Type.Object({
  get_master: Type.Object({
    master_info: Type.Object({
      id: Type.String(),
      hostname: Type.Optional(Type.String()),
      pid: Type.Optional(Type.String()),
      version: Type.Optional(Type.String()),
      port: Type.Integer(),
    }),
    start_time: Type.Optional(Type.Number()),
    elected_time: Type.Optional(Type.Number()),
  }),
});
export type MasterAnswer = Static<typeof MasterAnswer>;

const AnsweredFramework = Type.Object({
  framework_info: Type.Object({
    id: Type.Optional(Type.Object({ value: Type.String() })),
    name: Type.String(),
    user: Type.String(),
    principal: Type.Optional(Type.String()),
    hostname: Type.Optional(Type.String()),
    roles: Type.Optional(Type.Array(Type.String())),
    role: Type.Optional(Type.String()),
  }),
  active: Type.Boolean(),
  connected: Type.Boolean(),
  registered_time: Type.Optional(Type.Object({ nanoseconds: Type.Number() })),
  unregistered_time: Type.Optional(Type.Object({ nanoseconds: Type.Number() })),
});

/** `GET_FRAMEWORKS`: those that are there, and those that left. */
export const FrameworksAnswer = Type.Object({
  get_frameworks: Type.Object({
    frameworks: Type.Array(AnsweredFramework),
    completed_frameworks: Type.Array(AnsweredFramework),
  }),
});
export type FrameworksAnswer = Static<typeof FrameworksAnswer>;

const Machines = Type.Array(Type.Object({ hostname: Type.Optional(Type.String()), ip: Type.Optional(Type.String()) }));

/** The master's `/maintenance/status`: machines that are to be left, and those that are out of service. */
export const MaintenanceStatus = Type.Object({
  draining_machines: Type.Optional(
    Type.Array(
      Type.Object({ id: Type.Object({ hostname: Type.Optional(Type.String()), ip: Type.Optional(Type.String()) }) }),
    ),
  ),
  down_machines: Type.Optional(Machines),
});
export type MaintenanceStatus = Static<typeof MaintenanceStatus>;
