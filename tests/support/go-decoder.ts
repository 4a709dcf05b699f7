/**
 * What a client in Go can read: its decoder takes any member that is absent or null, ignores members that it does not know,
 * and fails on the whole answer when one has another type.
 */

/** A type in Go: a name, a list of one, a map from texts to one (`{'*': …}`), or a structure by its members. */
export type GoType = 'string' | 'int' | 'float' | 'bool' | readonly [GoType] | { readonly [member: string]: GoType };

/** Sentences on what a decoder would fail on, each with its path; none: it can be read. */
export function undecodable(value: unknown, type: GoType, path = ''): string[] {
  if (value === null || value === undefined) return [];
  if (typeof type === 'string') return isOf(value, type) ? [] : [`${path} is no ${type}: ${JSON.stringify(value)}`];
  if (isList(type)) {
    if (!Array.isArray(value)) return [`${path} is no list: ${JSON.stringify(value)}`];
    return value.flatMap((member, index) => undecodable(member, type[0], `${path}[${String(index)}]`));
  }
  if (typeof value !== 'object' || Array.isArray(value)) return [`${path} is no object: ${JSON.stringify(value)}`];
  return Object.entries(value).flatMap(([name, member]) => {
    const known = type['*'] ?? type[name];
    return known === undefined ? [] : undecodable(member, known, `${path}.${name}`);
  });
}

function isOf(value: unknown, type: string): boolean {
  switch (type) {
    case 'int':
      return Number.isInteger(value);
    case 'float':
      return typeof value === 'number';
    case 'bool':
      return typeof value === 'boolean';
    default:
      return typeof value === 'string';
  }
}

function isList(type: GoType): type is readonly [GoType] {
  return Array.isArray(type);
}
