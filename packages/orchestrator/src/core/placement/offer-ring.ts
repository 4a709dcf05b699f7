/** Offers that are still worth asking, gone round one instance at a time so that instances spread. */

/** A ring of offer indices. An offer that refuses leaves it, so each refusal is paid for once. */
export class OfferRing {
  private readonly offers: Int32Array;
  private size: number;
  private cursor: number;

  /**
   * @param offers owned by the ring from now on
   * @param start where to begin, at most the number of offers
   */
  constructor(offers: Int32Array, start: number) {
    this.offers = offers;
    this.size = offers.length;
    this.cursor = start;
  }

  /** The offer whose turn it is, or -1 when none is left. */
  current(): number {
    if (this.size === 0) return -1;
    if (this.cursor >= this.size) this.cursor = 0;
    return this.offers[this.cursor] ?? -1;
  }

  /** Turns on to the next offer. */
  advance(): void {
    this.cursor += 1;
  }

  /** Drops the current offer. The last one takes its seat: within a round everybody still has one turn. */
  drop(): void {
    this.size -= 1;
    this.offers[this.cursor] = this.offers[this.size] ?? -1;
  }
}

/** Offers divided by the values of the fields that an app groups by. */
export interface Partition {
  /** Per part: the values, one per field. */
  readonly values: readonly (readonly string[])[];
  /** Per part: its offers. Not to be changed. */
  readonly parts: readonly Int32Array[];
}

/**
 * Divides offers by the values of some fields; offers that lack one are left out.
 * @param count number of offers
 * @param valueOf the value of the nth field for an offer
 */
export function partition(
  count: number,
  fields: number,
  valueOf: (offer: number, field: number) => string | undefined,
): Partition {
  const groups = new Map<string, { readonly values: readonly string[]; readonly offers: number[] }>();
  for (let offer = 0; offer < count; offer += 1) {
    const values: string[] = [];
    for (let field = 0; field < fields; field += 1) {
      const value = valueOf(offer, field);
      if (value !== undefined) values.push(value);
    }
    if (values.length < fields) continue;
    const key = fields === 1 ? (values[0] ?? '') : JSON.stringify(values);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { values, offers: [offer] });
    else group.offers.push(offer);
  }
  const all = [...groups.values()];
  return { values: all.map(({ values }) => values), parts: all.map(({ offers }) => Int32Array.from(offers)) };
}
