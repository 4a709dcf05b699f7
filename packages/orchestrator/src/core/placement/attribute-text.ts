/** The text forms of agent attributes that constraints compare and people read, as Marathon has them. */
import type { Attribute } from '@stadion/contract/mesos';

/**
 * An attribute as text: scalar `0.###`, ranges `[1-5,7-9]`, set `{a,b}` sorted, text as it is.
 * Undefined when the attribute lacks the value that its type promises.
 */
export function attributeText(attribute: Attribute): string | undefined {
  switch (attribute.type) {
    case 'SCALAR':
      return attribute.scalar && scalarText(attribute.scalar.value);
    case 'RANGES':
      return attribute.ranges && `[${attribute.ranges.range.map(({ begin, end }) => `${begin}-${end}`).join(',')}]`;
    case 'SET':
      return attribute.set && `{${[...attribute.set.item].sort().join(',')}}`;
    case 'TEXT':
      return attribute.text?.value;
  }
}

/** A number with at most three decimals, ties to the even digit, without trailing zeros: Java's `0.###`. */
export function scalarText(value: number): string {
  const magnitude = Math.abs(value);
  const rounded = roundHalfEven(magnitude).replace(/\.?0+$/, '');
  return value < 0 && rounded !== '0' ? `-${rounded}` : rounded;
}

/** Three decimals, always written. `toFixed` is exact but for ties, which it rounds up; only odd sixteenths are ties. */
function roundHalfEven(magnitude: number): string {
  const isTie = Math.abs((magnitude * 16) % 2) === 1;
  if (!isTie) return magnitude.toFixed(3);
  const below = Math.floor(magnitude * 1000);
  return ((below % 2 === 0 ? below : below + 1) / 1000).toFixed(3);
}
