/** Why a container did not come to run, from what those who started it left behind. */
import { readFile } from 'node:fs/promises';
import { complaintsOf } from './image-bundle.ts';
import { readFailure } from './runtime.ts';

/** A sentence for the status of its task, with the failure's name in front where it has one; undefined: nobody complained. */
export async function findStartFailure(directory: string): Promise<string | undefined> {
  const mount = (await readFile(complaintsOf(directory), 'utf8').catch(() => '')).trim();
  const cause = (await readFailure(directory)) ?? (mount === '' ? undefined : mount);
  if (cause === undefined) return undefined;
  const name = /no space left on device/i.test(cause) ? 'disk-full: ' : '';
  return `${name}The container could not be started: ${cause}`;
}
