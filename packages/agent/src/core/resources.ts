/** Resources and attributes of an agent: read from flags as Mesos writes them, or worked out from the machine. */
import { RESOURCE_AMOUNT_MAX } from '@stadion/contract/agent-link';
import type { Attribute, Range, Resource } from '@stadion/contract/mesos';
import type { ContainerLimits } from './container.ts';
import type { Parsed } from './parsed.ts';
import { cpusOf } from './lending.ts';
import { parseResourcesJson } from './resources-json.ts';
import { isVolume } from './volumes.ts';

export type { Parsed } from './parsed.ts';

/** What the machine has. */
export interface MachineFacts {
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly gpuDevices: number;
}

const MIB = 1024 * 1024;
const GIB_IN_MIB = 1024;

/**
 * The resources of a machine when nobody says otherwise (Mesos's rule): all cpus; memory less 1 GB, or half when
 * there is not more than 2 GB; disk less 5 GB, or half when not more than 10 GB; ports 31000-32000; the gpus.
 */
export function detectResources(machine: MachineFacts): Resource[] {
  return [
    scalar('cpus', machine.cpus),
    scalar('mem', lessReserve(Math.floor(machine.memoryBytes / MIB), GIB_IN_MIB)),
    scalar('disk', lessReserve(Math.floor(machine.diskBytes / MIB), 5 * GIB_IN_MIB)),
    { name: 'ports', type: 'RANGES', ranges: { range: [{ begin: 31_000, end: 32_000 }] } },
    scalar('gpus', machine.gpuDevices),
  ];
}

/**
 * Reads `cpus:24;mem:24576;ports:[21000-24000,30000-34000];bugs:{a,b}`, where a role in parentheses, `cpus(prod):8`, is kept; or a JSON
 * list of resources, in which a disk may have a `source`.
 */
export function parseResources(text: string): Parsed<Resource[]> {
  if (text.trimStart().startsWith('[')) return parseResourcesJson(text);
  return parseItems(text, (name, value): Parsed<Resource> => {
    const match = /^([^()]+?)(?:\(([^()]+)\))?$/.exec(name);
    const plainName = match?.[1]?.trim() ?? name;
    const role = match?.[2] === undefined ? {} : { role: match[2].trim() };
    if (value.startsWith('[')) {
      const ranges = parseRanges(value);
      if (!ranges.ok) return ranges;
      if (ranges.value.some((range) => range.begin < 0 || (plainName === 'ports' && range.end > 65_535))) {
        return { ok: false, problem: `"${name}:${value}": ports are between 0 and 65535` };
      }
      return { ok: true, value: { name: plainName, type: 'RANGES', ranges: { range: ranges.value }, ...role } };
    }
    if (value.startsWith('{')) {
      return { ok: true, value: { name: plainName, type: 'SET', set: { item: parseSet(value) }, ...role } };
    }
    const amount = value === '' ? Number.NaN : Number(value);
    if (!Number.isFinite(amount) || amount < 0) {
      return { ok: false, problem: `"${name}:${value}": expected a number that is not negative, [ranges] or {a,set}` };
    }
    if (amount > RESOURCE_AMOUNT_MAX) {
      return { ok: false, problem: `"${name}:${value}": an agent has no more than ${RESOURCE_AMOUNT_MAX} of anything` };
    }
    return { ok: true, value: { ...scalar(plainName, amount), ...role } };
  });
}

/** Reads `rack:abc;zone:west;level:10;ports:[1-9];tags:{a,b}`: numbers are scalars, other words text. */
export function parseAttributes(text: string): Parsed<Attribute[]> {
  return parseItems(text, (name, value): Parsed<Attribute> => {
    if (value.startsWith('[')) {
      const ranges = parseRanges(value);
      return ranges.ok ? { ok: true, value: { name, type: 'RANGES', ranges: { range: ranges.value } } } : ranges;
    }
    if (value.startsWith('{')) return { ok: true, value: { name, type: 'SET', set: { item: parseSet(value) } } };
    const amount = value === '' ? Number.NaN : Number(value);
    return Number.isFinite(amount)
      ? { ok: true, value: { name, type: 'SCALAR', scalar: { value: amount } } }
      : { ok: true, value: { name, type: 'TEXT', text: { value } } };
  });
}

/** What a task may use, of its resources: mem and disk are megabytes there. Volumes are limited one by one. */
export function limitsOf(resources: readonly Resource[]): ContainerLimits {
  const amount = (name: string, counts: (resource: Resource) => boolean = () => true): number =>
    resources
      .filter((each) => isOnRootDisk(each) && each.name === name && counts(each))
      .reduce((sum, each) => sum + (each.scalar?.value ?? 0), 0);
  const { own, lent } = cpusOf(resources);
  return {
    ...(own === 0 && lent > 0 ? { isRevocable: true } : {}),
    cpus: amount('cpus'),
    memoryBytes: amount('mem') * MIB,
    diskBytes: amount('disk', (each) => !isVolume(each)) * MIB,
    gpus: amount('gpus'),
  };
}

/** Detected resources, each replaced by the one of the same name that was given. Disks of their own are there beside the root disk. */
export function overrideResources(detected: readonly Resource[], given: readonly Resource[]): Resource[] {
  const names = new Set(given.filter(isOnRootDisk).map((resource) => resource.name));
  return [...detected.filter((resource) => !names.has(resource.name)), ...given];
}

function isOnRootDisk({ disk }: Resource): boolean {
  return disk?.source === undefined;
}

function parseItems<Item>(text: string, read: (name: string, value: string) => Parsed<Item>): Parsed<Item[]> {
  const items: Item[] = [];
  for (const part of text.split(/[;\n]/)) {
    if (part.trim() === '') continue;
    const colon = part.indexOf(':');
    const name = part.slice(0, Math.max(0, colon)).trim();
    if (colon < 1 || name === '') return { ok: false, problem: `"${part.trim()}": expected name:value` };
    const item = read(name, part.slice(colon + 1).trim());
    if (!item.ok) return item;
    items.push(item.value);
  }
  return { ok: true, value: items };
}

function parseRanges(value: string): Parsed<Range[]> {
  const ranges: Range[] = [];
  const inner = /^\[(.*)\]$/.exec(value)?.[1];
  for (const part of inner?.split(',') ?? ['']) {
    const match = /^\s*(\d+)\s*-\s*(\d+)\s*$/.exec(part);
    const begin = Number(match?.[1]);
    const end = Number(match?.[2]);
    if (match === null || begin > end) {
      return { ok: false, problem: `"${value}": expected ranges such as [31000-32000,33000-33010]` };
    }
    ranges.push({ begin, end });
  }
  return { ok: true, value: ranges };
}

function parseSet(value: string): string[] {
  return value
    .replace(/^\{|\}$/g, '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function lessReserve(amountMib: number, reserveMib: number): number {
  return amountMib > 2 * reserveMib ? amountMib - reserveMib : Math.floor(amountMib / 2);
}

function scalar(name: string, value: number): Resource {
  return { name, type: 'SCALAR', scalar: { value: Math.round(value * 1000) / 1000 } };
}
