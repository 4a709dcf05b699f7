/**
 * Reads labels and keeps account: which were understood, and what was wrong with the others. Nothing is passed over in
 * silence, and nothing that is wrong throws.
 */
import type { Problem, StatusRange } from '../model.ts';
import { parsed, unparsed, type Parsed } from '../rule/rule.ts';

/** The labels of one app, or of one segment of it. */
export class LabelReader {
  private readonly source: string;
  private readonly labels: ReadonlyMap<string, string>;
  private readonly known = new Set<string>();
  private readonly found: Problem[] = [];

  /** @param fold compares names without regard to case, as Traefik 2 does */
  constructor(source: string, labels: Readonly<Record<string, string>>, fold = false) {
    this.source = source;
    this.labels = new Map(Object.entries(labels).map(([name, value]) => [fold ? name.toLowerCase() : name, value]));
  }

  /** What was wrong so far. */
  get problems(): readonly Problem[] {
    return this.found;
  }

  names(): readonly string[] {
    return [...this.labels.keys()];
  }

  /** Something is wrong with a label. */
  report(label: string, message: string, spoils: Problem['spoils'] = 'setting'): void {
    this.found.push({ source: this.source, label, message, spoils });
  }

  /** The first of some names that is there, so that a segment's label wins over the app's. */
  firstName(...names: readonly string[]): string | undefined {
    for (const name of names) this.known.add(name);
    return names.find((name) => this.labels.has(name));
  }

  text(...names: readonly string[]): string | undefined {
    const name = this.firstName(...names);
    return name === undefined ? undefined : this.labels.get(name);
  }

  /** A value that has to be read; one that cannot be is reported and counts as absent. */
  read<Value>(names: readonly string[], parse: (text: string) => Parsed<Value>): Value | undefined {
    const name = this.firstName(...names);
    const text = name === undefined ? undefined : this.labels.get(name);
    if (name === undefined || text === undefined) return undefined;
    const outcome = parse(text);
    if (outcome.ok) return outcome.value;
    this.report(name, outcome.problem);
    return undefined;
  }

  boolean(fallback: boolean, ...names: readonly string[]): boolean {
    return this.read(names, parseGoBoolean) ?? fallback;
  }

  integer(...names: readonly string[]): number | undefined {
    return this.read(names, parseInteger);
  }

  list(...names: readonly string[]): readonly string[] {
    return splitList(this.text(...names) ?? '');
  }

  duration(...names: readonly string[]): number | undefined {
    return this.read(names, parseDuration);
  }

  /** Reports the labels below a prefix that nobody has asked for. */
  reportUnknown(isOurs: (name: string) => boolean): void {
    for (const name of this.labels.keys()) {
      if (isOurs(name) && !this.known.has(name)) this.report(name, 'is not known here and has no effect');
    }
  }

  /** Marks labels as understood that others read. */
  accept(isKnown: (name: string) => boolean): void {
    for (const name of this.labels.keys()) if (isKnown(name)) this.known.add(name);
  }
}

/** Comma separated, trimmed, without empty parts. */
export function splitList(text: string): readonly string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** What Go's strconv.ParseBool takes. */
export function parseGoBoolean(text: string): Parsed<boolean> {
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text)) return parsed(true);
  if (['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(text)) return parsed(false);
  return unparsed(`'${text}' is neither true nor false`);
}

/** A whole number. */
export function parseInteger(text: string): Parsed<number> {
  const trimmed = text.trim();
  return /^-?\d{1,12}$/.test(trimmed) ? parsed(Number(trimmed)) : unparsed(`'${text}' is not a whole number`);
}

/** A TCP port. */
export function parsePort(text: string): Parsed<number> {
  const number = parseInteger(text);
  if (!number.ok) return number;
  return number.value >= 1 && number.value <= 65_535 ? number : unparsed(`'${text}' is not a port, 1 to 65535`);
}

const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/** A duration in Go's form (`1m30s`, `300ms`); a bare number is seconds. In milliseconds. */
export function parseDuration(text: string): Parsed<number> {
  const trimmed = text.trim();
  if (/^\d{1,12}(\.\d+)?$/.test(trimmed)) return parsed(Number(trimmed) * 1000);
  if (!/^(\d{1,12}(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(trimmed)) {
    return unparsed(`'${text}' is not a duration such as 10s or 500ms`);
  }
  let total = 0;
  for (const [, number, unit] of trimmed.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)) {
    total += Number(number) * (UNITS[unit ?? ''] ?? 0);
  }
  return parsed(total);
}

/** `500-599,404`, both ends included. */
export function parseStatusRanges(text: string): Parsed<readonly StatusRange[]> {
  const ranges: StatusRange[] = [];
  for (const part of splitList(text)) {
    const match = /^(\d{3})(?:-(\d{3}))?$/.exec(part);
    if (match === null) return unparsed(`'${part}' is not a status or a range such as 500-599`);
    const from = Number(match[1]);
    ranges.push([from, match[2] === undefined ? from : Number(match[2])]);
  }
  return ranges.length === 0 ? unparsed('there is no status') : parsed(ranges);
}

/** `Name:value||Name2:value2` (Traefik 1). */
export function parseHeaderMap(text: string): Parsed<readonly (readonly [string, string])[]> {
  const headers: (readonly [string, string])[] = [];
  for (const part of text.split('||')) {
    if (part.trim() === '') continue;
    const colon = part.indexOf(':');
    if (colon < 1) return unparsed(`'${part}' is not of the form Name:value`);
    const name = part.slice(0, colon).trim();
    const value = part.slice(colon + 1).trim();
    const problem = headerProblem(name, value);
    if (problem !== undefined) return unparsed(problem);
    headers.push([name, value]);
  }
  return parsed(headers);
}

/** Why something cannot be a header: it would end the header, or the message. */
export function headerProblem(name: string, value: string): string | undefined {
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) return `'${name}' is not a header name`;
  if (/[\r\n\0]/.test(value)) return `the value of ${name} has a line break`;
  return undefined;
}
