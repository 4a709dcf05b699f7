/** What the linux containerizer has to know of a container for its end, written beside its record. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Type, type Static } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';

/** What is decided before it runs. */
export const ContainerDetails = Type.Object({
  /** The signal that asks it to end, and whether its main process alone gets it. */
  stop: Type.Object({ signal: Type.Integer(), mainOnly: Type.Boolean() }),
  memoryBytes: Type.Integer(),
  /** Directories besides its sandbox that it writes to. */
  written: Type.Optional(Type.Array(Type.String())),
  addresses: Type.Optional(Type.Array(Type.String())),
  /** The layers of its image, which have to stay. */
  layers: Type.Array(Type.String()),
  podId: Type.Optional(Type.String()),
  /** Devices that it was given. */
  devices: Type.Optional(Type.Array(Type.String())),
});
export type ContainerDetails = Static<typeof ContainerDetails>;

const FILE = 'details.json';

/** @param directory that of the container */
export async function writeDetails(directory: string, details: ContainerDetails): Promise<void> {
  const path = join(directory, FILE);
  await writeFile(`${path}.tmp`, JSON.stringify(details), { mode: 0o600 });
  await rename(`${path}.tmp`, path);
}

/** Undefined when it was never written or is damaged. */
export async function readDetails(directory: string): Promise<ContainerDetails | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(join(directory, FILE), 'utf8'));
    return Value.Check(ContainerDetails, value) ? value : undefined;
  } catch {
    return undefined;
  }
}
