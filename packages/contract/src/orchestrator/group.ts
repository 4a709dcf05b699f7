/** Groups as people send them. */
import { Type, type Static } from '@sinclair/typebox';
import { AppInput } from './app.ts';

/**
 * A group to be created or updated. `apps` and `groups`, when given, are all there shall be; when absent, nothing of the
 * kind changes. `scaleBy` and `version` stand alone: they scale, or restore, everything in the group.
 */
export const GroupInput = Type.Recursive(
  (Self) =>
    Type.Object({
      id: Type.Optional(Type.String()),
      apps: Type.Optional(Type.Array(AppInput)),
      groups: Type.Optional(Type.Array(Self)),
      dependencies: Type.Optional(Type.Array(Type.String())),
      scaleBy: Type.Optional(Type.Number({ minimum: 0 })),
      version: Type.Optional(Type.String()),
      enforceRole: Type.Optional(Type.Boolean()),
    }),
  { $id: 'GroupInput' },
);
export type GroupInput = Static<typeof GroupInput>;
