/** One shape, declared twice: as a schema and by hand. tools/checks/duplicated-shapes.mjs must find the pair. */
import { Type } from '@sinclair/typebox';

export const Visitor = Type.Object({
  name: Type.String(),
  street: Type.String(),
  town: Type.String(),
  country: Type.Optional(Type.String()),
});

export interface Guest {
  readonly country?: string;
  readonly name: string;
  readonly street: string;
  readonly town: string;
}
