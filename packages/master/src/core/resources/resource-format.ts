/** Resources in and out: the v1 `Resource[]` and the legacy JSON object (`"ports": "[31000-31005]"`). */
import type { Attribute, Resource } from '@stadion/contract/mesos';
import { NO_PORTS, addPorts, intersectPorts, portRangesOf, type PortRanges } from './port-ranges.ts';
import type { ResourceVector } from './resource-vector.ts';

/** The outcome of reading resources: an amount, or a sentence that says what is wrong. */
export type ParsedResources =
  { readonly ok: true; readonly vector: ResourceVector } | { readonly ok: false; readonly problem: string };

/** Larger amounts would not be exact in thousandths. */
const SCALAR_MAX = Math.floor(Number.MAX_SAFE_INTEGER / 1_000_000);

/**
 * Reads v1 resources. Several entries of one name add up; reserved ones are refused (they come with reservations).
 * @returns a problem when a name is unknown, an amount is negative or not finite, gpus are not whole, or ports are wrong
 */
export function parseResources(resources: readonly Resource[]): ParsedResources {
  let cpus = 0;
  let gpus = 0;
  let mem = 0;
  let disk = 0;
  let ports = NO_PORTS;
  for (const resource of resources) {
    const { name } = resource;
    if (resource.role !== undefined && resource.role !== '*') {
      return problem(`${name} is reserved for role "${resource.role}", and this master has no reservations`);
    }
    if (name === 'ports') {
      const more = resource.type === 'RANGES' ? portRangesOf(resource.ranges?.range ?? []) : undefined;
      if (more === undefined) return problem('ports must be disjoint ranges of whole numbers from 0 to 65535');
      if (intersectPorts(ports, more).length > 0) return problem('a port is named twice');
      ports = addPorts(ports, more);
      continue;
    }
    const value = resource.type === 'SCALAR' ? resource.scalar?.value : undefined;
    if (value === undefined || !(value >= 0) || value > SCALAR_MAX) {
      return problem(`${name} must be a scalar from 0 to ${String(SCALAR_MAX)}, not ${String(value)}`);
    }
    const milli = Math.round(value * 1000);
    switch (name) {
      case 'cpus':
        cpus += milli;
        break;
      case 'mem':
        mem += milli;
        break;
      case 'disk':
        disk += milli;
        break;
      case 'gpus':
        if (milli % 1000 !== 0) return problem(`gpus must be a whole number, not ${String(value)}`);
        gpus += milli;
        break;
      default:
        return problem(`${name} is not a resource that this master knows (cpus, mem, disk, gpus, ports)`);
    }
  }
  return { ok: true, vector: { cpus, gpus, mem, disk, ports } };
}

/** Writes an amount as v1 resources; what is zero is left out. */
export function formatResources(vector: ResourceVector, role: string | undefined): Resource[] {
  const resources: Resource[] = [];
  const allocation = role === undefined ? {} : { allocation_info: { role } };
  const scalar = (name: string, milli: number): void => {
    if (milli === 0) return;
    resources.push({ name, type: 'SCALAR', scalar: { value: milli / 1000 }, role: '*', ...allocation });
  };
  scalar('cpus', vector.cpus);
  scalar('gpus', vector.gpus);
  scalar('mem', vector.mem);
  scalar('disk', vector.disk);
  if (vector.ports.length > 0) {
    const range: { begin: number; end: number }[] = [];
    for (let at = 0; at < vector.ports.length; at += 2) {
      range.push({ begin: vector.ports[at] as number, end: vector.ports[at + 1] as number });
    }
    resources.push({ name: 'ports', type: 'RANGES', ranges: { range }, role: '*', ...allocation });
  }
  return resources;
}

/** The resources object of the legacy JSON: MiB and cores as numbers, ports as a string and only when there are any. */
export interface LegacyResources {
  cpus: number;
  gpus: number;
  mem: number;
  disk: number;
  ports?: string;
}

/** Writes an amount as the legacy JSON has it. */
export function legacyResources(vector: ResourceVector): LegacyResources {
  const result: LegacyResources = {
    cpus: vector.cpus / 1000,
    gpus: vector.gpus / 1000,
    mem: vector.mem / 1000,
    disk: vector.disk / 1000,
  };
  if (vector.ports.length > 0) result.ports = portsText(vector.ports);
  return result;
}

/** `[31000-31005, 31010-31010]`, the text form of ranges. */
export function portsText(ports: PortRanges): string {
  const parts: string[] = [];
  for (let at = 0; at < ports.length; at += 2) parts.push(`${String(ports[at])}-${String(ports[at + 1])}`);
  return `[${parts.join(', ')}]`;
}

/** Attributes as the legacy JSON has them: name to number or string. */
export function legacyAttributes(attributes: readonly Attribute[]): Record<string, number | string> {
  const result: Record<string, number | string> = {};
  for (const { name, type, scalar, ranges, set, text } of attributes) {
    if (type === 'SCALAR') result[name] = scalar?.value ?? 0;
    else if (type === 'TEXT') result[name] = text?.value ?? '';
    else if (type === 'SET') result[name] = `{${(set?.item ?? []).join(', ')}}`;
    else {
      result[name] = `[${(ranges?.range ?? []).map(({ begin, end }) => `${String(begin)}-${String(end)}`).join(', ')}]`;
    }
  }
  return result;
}

function problem(text: string): ParsedResources {
  return { ok: false, problem: text };
}
