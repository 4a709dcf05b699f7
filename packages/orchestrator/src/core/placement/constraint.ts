/** The face that all constraint operators have, and what a constraint sees of an agent. */
import type { AgentPlace } from '../instance.ts';

/** One constraint of one request: what it has counted so far, and what it says about the next agent. */
export interface ConstraintState {
  readonly field: string;
  /** For people, e.g. `rack CLUSTER`. */
  readonly name: string;
  /**
   * Whether an instance may go where the field has this value; undefined: the agent lacks the attribute.
   * Save for {@link evens}, a value once refused stays refused while instances are only added.
   */
  accepts(value: string | undefined): boolean;
  /** Counts an instance that was placed there. */
  add(value: string | undefined): void;
  /** True for GROUP_BY: a value refused now may be accepted again once other groups have caught up. */
  readonly evens: boolean;
  /** What it asks for, continuing {@link name}: `needs r1`. `values` are some of the refused ones, as text for people. */
  explain(values: string): string;
}

/** The agent's value of a constraint's field, undefined when it has none. */
export function fieldValue(place: AgentPlace, field: string): string | undefined {
  switch (field) {
    case 'hostname':
    case '@hostname':
      return place.hostname;
    case '@region':
      return place.region;
    case '@zone':
      return place.zone;
    default:
      return place.attributes.get(field);
  }
}
