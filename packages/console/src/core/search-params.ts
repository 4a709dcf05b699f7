/**
 * Reads what a URL's query says. What is not understood is said to be undefined: what is merely left out, the router would put
 * back as it was written.
 */

type Search = Readonly<Record<string, unknown>>;

/** A text under its name, or nothing. Numbers count as texts: the router has parsed them already. */
export function text<const Name extends string>(search: Search, name: Name): Partial<Record<Name, string | undefined>> {
  const value = search[name];
  const asText = typeof value === 'number' ? String(value) : value;
  return read(search, name, typeof asText === 'string' && asText !== '' ? asText : undefined);
}

/** What every list has in its URL. */
export interface ListSearch {
  /** Words that are looked for. */
  readonly q?: string | undefined;
  /** The id of the column that it is in order of, `-` before it for the other way round. */
  readonly sort?: string | undefined;
}

/** What every list has in its URL. */
export function listSearch(search: Search): ListSearch {
  return { ...text(search, 'q'), ...text(search, 'sort') };
}

/** A list of texts under its name, or nothing. */
export function texts<const Name extends string>(
  search: Search,
  name: Name,
): Partial<Record<Name, string[] | undefined>> {
  const value = search[name];
  const list = (Array.isArray(value) ? value : [value]).filter((one): one is string => typeof one === 'string');
  return read(search, name, list.length === 0 ? undefined : list);
}

/** Those texts of a list that are allowed. */
export function choices<const Name extends string, Choice extends string>(
  search: Search,
  name: Name,
  allowed: readonly Choice[],
): Partial<Record<Name, Choice[] | undefined>> {
  const list = texts(search, name)[name] ?? [];
  const known = allowed.filter((choice) => list.includes(choice));
  return read(search, name, known.length === 0 ? undefined : known);
}

/** The one of some texts that a name stands for, or nothing. */
export function choice<const Name extends string, Choice extends string>(
  search: Search,
  name: Name,
  allowed: readonly Choice[],
): Partial<Record<Name, Choice | undefined>> {
  const known = allowed.find((one) => one === search[name]);
  return read(search, name, known);
}

/** What was read of a name; nothing where the query does not have it. */
function read<const Name extends string, Value>(
  search: Search,
  name: Name,
  value: Value | undefined,
): Partial<Record<Name, Value | undefined>> {
  return (Object.hasOwn(search, name) ? { [name]: value } : {}) as Partial<Record<Name, Value | undefined>>;
}
