/** Resources of an agent as JSON, Mesos's form for what the short one cannot say: disks of their own. */
import { Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { RESOURCE_AMOUNT_MAX } from '@stadion/contract/agent-link';
import { Resource } from '@stadion/contract/mesos';
import type { Parsed } from './parsed.ts';
import { ownDiskOf } from './volumes.ts';

const resourceList = TypeCompiler.Compile(Type.Array(Resource));

/** Reads `[{"name": "disk", "type": "SCALAR", "scalar": {"value": 2048}, "disk": {"source": …}}, …]`. */
export function parseResourcesJson(text: string): Parsed<Resource[]> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, problem: 'it begins like JSON, and is none' };
  }
  if (!resourceList.Check(value)) {
    const [error] = resourceList.Errors(value);
    return { ok: false, problem: `${error?.path ?? '/'}: ${error?.message ?? 'it is no list of resources'}` };
  }
  for (const resource of value) {
    const problem = problemOf(resource);
    if (problem !== undefined) return { ok: false, problem };
  }
  const roots = value.flatMap((resource) => ownDiskOf(resource)?.root ?? []);
  if (new Set(roots).size < roots.length) return { ok: false, problem: 'two disks are at the same place' };
  return { ok: true, value };
}

function problemOf({ name, scalar, ranges, disk }: Resource): string | undefined {
  if (scalar !== undefined && !(scalar.value >= 0)) return `${name} must not be negative`;
  if (scalar !== undefined && scalar.value > RESOURCE_AMOUNT_MAX) {
    return `${name} is ${scalar.value}, and an agent has no more than ${RESOURCE_AMOUNT_MAX} of anything`;
  }
  const isPorts = name === 'ports' && ranges !== undefined;
  if (isPorts && ranges.range.some(({ begin, end }) => begin < 0 || end > 65_535 || begin > end)) {
    return 'ports are between 0 and 65535';
  }
  if (disk === undefined) return undefined;
  if (disk.persistence !== undefined || disk.volume !== undefined) {
    return 'volumes are made by frameworks, not by settings';
  }
  if (name !== 'disk' || disk.source === undefined) return `${name} has a disk without a source`;
  const { type, path, mount } = disk.source;
  const root = (type === 'PATH' ? path : mount)?.root ?? '';
  if (root.startsWith('/')) return undefined;
  return `a disk of type ${type} needs an absolute path as its ${type.toLowerCase()}.root`;
}
