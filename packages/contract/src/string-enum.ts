/** One list of strings, from which both the type and the validator derive. */
import { Type, type TLiteral, type TUnion } from '@sinclair/typebox';

/** A schema that admits exactly these strings. */
export function stringEnum<const Values extends readonly string[]>(values: Values): TUnion<TLiteral<Values[number]>[]> {
  return Type.Union(values.map((value: Values[number]) => Type.Literal(value)));
}
