/** Reads definitions that people write: JSON or YAML, from a file or standard input. */
import { PlatformError, describeError } from '@stadion/base';
import { limits } from '../limits.ts';
import { usageError } from '../report-error.ts';
import type { Machine } from './ports.ts';

/** The value in a file, or on standard input for `-`. @throws PlatformError `usage-wrong` saying where it is wrong */
export async function readDocument(machine: Machine, source: string): Promise<unknown> {
  let text: string;
  try {
    text =
      source === '-' ? await machine.readInput(limits.inputBytes) : await machine.readFile(source, limits.inputBytes);
  } catch (error) {
    throw new PlatformError('usage-wrong', `Cannot read ${source === '-' ? 'standard input' : source}.`, {
      cause: describeError(error),
    });
  }
  return parseText(text, source === '-' ? 'standard input' : source);
}

/** JSON is YAML, save for odd cases; where a text begins like JSON, it is read and reported as JSON. */
async function parseText(text: string, source: string): Promise<unknown> {
  if (/^\s*[{[]/.test(text)) {
    try {
      return JSON.parse(text) as unknown;
    } catch (error) {
      throw usageError(`${source} is not valid JSON: ${describeError(error)}`);
    }
  }
  const { parseDocument } = await import('yaml');
  const document = parseDocument(text);
  const [problem] = document.errors;
  if (problem !== undefined) throw usageError(`${source} is not valid YAML: ${problem.message.split('\n')[0] ?? ''}`);
  return document.toJS({ maxAliasCount: 100 }) as unknown;
}
