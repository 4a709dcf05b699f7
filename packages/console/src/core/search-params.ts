/** Reads what a URL's query says; what is not understood is left out. */

type Search = Readonly<Record<string, unknown>>;

/** A text under its name, or nothing. Numbers count as texts: the router has parsed them already. */
export function text<const Name extends string>(search: Search, name: Name): Partial<Record<Name, string | undefined>> {
  const value = search[name];
  const asText = typeof value === 'number' ? String(value) : value;
  return (typeof asText === 'string' && asText !== '' ? { [name]: asText } : {}) as Partial<
    Record<Name, string | undefined>
  >;
}

/** A list of texts under its name, or nothing. */
export function texts<const Name extends string>(
  search: Search,
  name: Name,
): Partial<Record<Name, string[] | undefined>> {
  const value = search[name];
  const list = (Array.isArray(value) ? value : [value]).filter((one): one is string => typeof one === 'string');
  return (list.length === 0 ? {} : { [name]: list }) as Partial<Record<Name, string[] | undefined>>;
}

/** Those texts of a list that are allowed. */
export function choices<const Name extends string, Choice extends string>(
  search: Search,
  name: Name,
  allowed: readonly Choice[],
): Partial<Record<Name, Choice[] | undefined>> {
  const list = texts(search, name)[name] ?? [];
  const known = allowed.filter((choice) => list.includes(choice));
  return (known.length === 0 ? {} : { [name]: known }) as Partial<Record<Name, Choice[] | undefined>>;
}

/** The one of some texts that a name stands for, or nothing. */
export function choice<const Name extends string, Choice extends string>(
  search: Search,
  name: Name,
  allowed: readonly Choice[],
): Partial<Record<Name, Choice | undefined>> {
  const known = allowed.find((one) => one === search[name]);
  return (known === undefined ? {} : { [name]: known }) as Partial<Record<Name, Choice | undefined>>;
}
