/** Resources in and out: the v1 `Resource[]` and the legacy JSON object (`"ports": "[31000-31005]"`). */
import { RESOURCE_AMOUNT_MAX } from '@stadion/contract/agent-link';
import type { Attribute, Resource } from '@stadion/contract/mesos';
import type { Reservation } from '@stadion/contract/mesos-workload';
import {
  NO_HOLDINGS,
  addHoldings,
  holdingKey,
  isEmpty,
  isWhole,
  roleOf,
  rootOf,
  type DiskSource,
  type Holding,
  type Holdings,
} from './holdings.ts';
import { NO_PORTS, addPorts, intersectPorts, portRangesOf, type PortRanges } from './port-ranges.ts';
import { SCALAR_NAMES, type Amount, type Scalars } from './amounts.ts';
import { NOTHING, add, portsOf, revocableCpusOf, scalarsOf, type ResourceVector } from './resource-vector.ts';

/** The outcome of reading resources: an amount, or a sentence that says what is wrong. */
export type ParsedResources =
  { readonly ok: true; readonly vector: ResourceVector } | { readonly ok: false; readonly problem: string };

const NOT_SHARED = 'resources cannot be shared: this master has no SHARED_RESOURCES';

/**
 * Reads v1 resources. Several entries of one name add up. Reserved ones may come as a stack of `reservations` or in the
 * older form of `role` and `reservation`; a role alone is a static reservation.
 * @returns a problem when a name is unknown, an amount is negative or not finite, gpus are not whole, ports are wrong, or
 *   a volume is not one of reserved disk, something is shared, or something else than unreserved cpus is revocable
 */
export function parseResources(resources: readonly Resource[]): ParsedResources {
  let cpus = 0;
  let gpus = 0;
  let mem = 0;
  let disk = 0;
  let ports = NO_PORTS;
  let held = NO_HOLDINGS;
  for (const resource of resources) {
    const read = readAmount(resource);
    if (typeof read === 'string') return problem(read);
    if (resource.shared !== undefined) return problem(NOT_SHARED);
    const reservations = reservationsOf(resource);
    if (reservations.length > 0 || resource.disk?.source !== undefined || resource.revocable !== undefined) {
      const added = readHolding(held, resource, reservations, read);
      if (typeof added === 'string') return problem(added);
      held = added;
      continue;
    }
    if (resource.disk !== undefined) return problem('a volume is made of reserved disk, and this disk is not reserved');
    if (intersectPorts(ports, read.ports).length > 0) return problem('a port is named twice');
    cpus += read.cpus;
    gpus += read.gpus;
    mem += read.mem;
    disk += read.disk;
    ports = addPorts(ports, read.ports);
  }
  return { ok: true, vector: { cpus, gpus, mem, disk, ports, held } };
}

/** The reservations of a resource, the most specific last; none when anybody may have it. */
export function reservationsOf(resource: Resource): readonly Reservation[] {
  if (resource.reservations !== undefined && resource.reservations.length > 0) return resource.reservations;
  const { role, reservation } = resource;
  if (role === undefined || role === '*') return [];
  return [{ type: reservation === undefined ? 'STATIC' : 'DYNAMIC', role, ...reservation }];
}

const ZERO: Amount = { cpus: 0, gpus: 0, mem: 0, disk: 0, ports: NO_PORTS };

function readAmount(resource: Resource): Amount | string {
  const { name } = resource;
  if (name === 'ports') {
    const ports = resource.type === 'RANGES' ? portRangesOf(resource.ranges?.range ?? []) : undefined;
    return ports === undefined ? 'ports must be disjoint ranges of whole numbers from 0 to 65535' : { ...ZERO, ports };
  }
  const value = resource.type === 'SCALAR' ? resource.scalar?.value : undefined;
  if (value === undefined || !(value >= 0) || value > RESOURCE_AMOUNT_MAX) {
    return `${name} must be a scalar from 0 to ${String(RESOURCE_AMOUNT_MAX)}, not ${String(value)}`;
  }
  const milli = Math.round(value * 1000);
  if (name === 'gpus' && milli % 1000 !== 0) return `gpus must be a whole number, not ${String(value)}`;
  switch (name) {
    case 'cpus':
    case 'gpus':
    case 'mem':
    case 'disk':
      return { ...ZERO, [name]: milli };
    default:
      return `${name} is not a resource that this master knows (cpus, mem, disk, gpus, ports)`;
  }
}

function readHolding(
  held: Holdings,
  { name, disk, revocable }: Resource,
  reservations: readonly Reservation[],
  amount: Amount,
): Holdings | string {
  const isRevocable = revocable !== undefined;
  if (isRevocable && (name !== 'cpus' || reservations.length > 0)) {
    return 'only cpus that are not reserved can be revocable';
  }
  const { source, ...info } = disk ?? {};
  const volume = info.persistence === undefined ? undefined : info;
  if (disk !== undefined && (name !== 'disk' || (volume === undefined && source === undefined))) {
    return 'a volume is a disk resource with a persistence id';
  }
  if (volume !== undefined && reservations.length === 0) {
    return 'a volume is made of reserved disk, and this disk is not reserved';
  }
  if (source !== undefined && !rootOf(source).startsWith('/')) {
    return `a disk of type ${source.type} says by "${source.type.toLowerCase()}.root" where it is: an absolute path`;
  }
  const holding: Holding = { ...amount, reservations, volume, source: source && plainSource(source), isRevocable };
  if (isEmpty(holding)) return held;
  const key = holdingKey(holding);
  const known = held.get(key);
  if (known !== undefined && isWhole(holding)) {
    return `the volume ${volume?.persistence?.id ?? rootOf(source ?? { type: 'MOUNT' })} is named twice`;
  }
  if (known !== undefined && intersectPorts(known.ports, amount.ports).length > 0) return 'a port is named twice';
  return addHoldings(held, new Map([[key, holding]]));
}

/** Without members that do not say where it is. */
function plainSource(source: DiskSource): DiskSource {
  const place = { root: rootOf(source) };
  return source.type === 'PATH' ? { type: 'PATH', path: place } : { type: 'MOUNT', mount: place };
}

/** How resources are written: for whom, and in which form reservations are. */
export interface FormatOptions {
  /** The role that they are allocated to. */
  readonly role?: string;
  /** The older form, for frameworks without RESERVATION_REFINEMENT; refined reservations cannot be said in it. */
  readonly legacyReservations?: boolean;
}

/** Writes an amount as v1 resources; what is zero is left out. */
export function formatResources(vector: ResourceVector, options: FormatOptions = {}): Resource[] {
  const allocation = options.role === undefined ? {} : { allocation_info: { role: options.role } };
  const resources = formatAmount(vector, { role: '*', ...allocation });
  for (const { reservations, volume, source, isRevocable, ...amount } of vector.held.values()) {
    const [first] = reservations;
    if (options.legacyReservations === true && reservations.length > 1) continue;
    const reserved =
      first === undefined
        ? { role: '*' }
        : options.legacyReservations === true
          ? legacyReservation(first)
          : { reservations: [...reservations] };
    const info = { ...volume, ...(source !== undefined && { source }) };
    const disk = Object.keys(info).length === 0 ? {} : { disk: info };
    const lent = isRevocable ? { revocable: {} } : {};
    resources.push(...formatAmount(amount, { ...reserved, ...disk, ...lent, ...allocation }));
  }
  return resources;
}

function legacyReservation({ type, role, ...reservation }: Reservation): Partial<Resource> {
  return type === 'STATIC' ? { role } : { role, reservation };
}

function formatAmount(amount: Amount, rest: Partial<Resource>): Resource[] {
  const resources: Resource[] = [];
  for (const name of SCALAR_NAMES) {
    const milli = amount[name];
    if (milli !== 0) resources.push({ name, type: 'SCALAR', scalar: { value: milli / 1000 }, ...rest });
  }
  if (amount.ports.length > 0) {
    const range: { begin: number; end: number }[] = [];
    for (let at = 0; at < amount.ports.length; at += 2) {
      range.push({ begin: amount.ports[at] as number, end: amount.ports[at + 1] as number });
    }
    resources.push({ name: 'ports', type: 'RANGES', ranges: { range }, ...rest });
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
  /** Only when there are any. */
  cpus_revocable?: number;
}

/** Writes an amount as the legacy JSON has it, what is reserved included, and what is revocable under a name of its own. */
export function legacyResources(vector: ResourceVector): LegacyResources {
  const amounts = legacyAmount(scalarsOf(vector), portsOf(vector));
  const revocable = revocableCpusOf(vector);
  return revocable === 0 ? amounts : { ...amounts, cpus_revocable: revocable / 1000 };
}

/** What of it is not reserved. */
export function legacyUnreserved(vector: ResourceVector): LegacyResources {
  return legacyResources({ ...vector, held: unreservedDisks(vector) });
}

/** What of it is not reserved, in full. */
export function unreservedInFull(vector: ResourceVector): Resource[] {
  return formatResources({ ...vector, held: unreservedDisks(vector) });
}

/** Disks of their own that anybody may have. */
function unreservedDisks({ held }: ResourceVector): Holdings {
  const disks = [...held].filter(([, { reservations }]) => reservations.length === 0);
  return disks.length === 0 ? NO_HOLDINGS : new Map(disks);
}

/** What of it is reserved, by role. */
export function legacyReserved(vector: ResourceVector): Record<string, LegacyResources> {
  const byRole = new Map<string, ResourceVector>();
  for (const [key, holding] of vector.held) {
    const role = roleOf(holding);
    if (role === '*') continue;
    byRole.set(role, add(byRole.get(role) ?? NOTHING, { ...NOTHING, held: new Map([[key, holding]]) }));
  }
  return Object.fromEntries([...byRole].map(([role, sum]) => [role, legacyResources(sum)]));
}

/** The reserved resources in full, by role. */
export function reservedInFull(vector: ResourceVector): Record<string, Resource[]> {
  const byRole: Record<string, Resource[]> = {};
  for (const resource of formatResources({ ...NOTHING, held: vector.held })) {
    const role = resource.reservations?.at(-1)?.role;
    if (role === undefined) continue;
    (byRole[role] ??= []).push(resource);
  }
  return byRole;
}

function legacyAmount(scalars: Scalars, ports: PortRanges): LegacyResources {
  const result: LegacyResources = {
    cpus: scalars.cpus / 1000,
    gpus: scalars.gpus / 1000,
    mem: scalars.mem / 1000,
    disk: scalars.disk / 1000,
  };
  if (ports.length > 0) result.ports = portsText(ports);
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
