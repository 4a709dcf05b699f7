/** How much some directories have on disk. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** How long one measurement may take. */
const MEASURE_MS_MAX = 60_000;

/**
 * Bytes below some directories together: by blocks on disk, so that holes in files do not count; links are not followed.
 * @throws what du could not do
 */
export async function measureDisk(directories: readonly string[]): Promise<number | undefined> {
  try {
    const words = ['-s', '-x', '-c', '-B1', '--', ...directories];
    const { stdout } = await promisify(execFile)('du', words, { timeout: MEASURE_MS_MAX });
    return lastNumber(stdout);
  } catch (error) {
    const partial = totalOf(error);
    if (partial === undefined) throw error;
    return partial;
  }
}

/** Files come and go while it looks, which du complains of; what it counted is good all the same. */
function totalOf(error: unknown): number | undefined {
  const isAnswer = typeof error === 'object' && error !== null && 'stdout' in error && typeof error.stdout === 'string';
  return isAnswer ? lastNumber(error.stdout as string) : undefined;
}

function lastNumber(text: string): number | undefined {
  const value = Number.parseInt(text.trim().split('\n').at(-1) ?? '', 10);
  return Number.isNaN(value) ? undefined : value;
}
