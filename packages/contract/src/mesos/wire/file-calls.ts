/** What `LIST_FILES` and `READ_FILE` of Mesos's operator APIs say: the same of a master and of an agent. */
import { Type, type Static } from '@sinclair/typebox';
import { readLenient } from './lenient-json.ts';

const ListFilesCall = Type.Object({ path: Type.String() });
const ReadFileCall = Type.Object({
  path: Type.String(),
  /** Where to begin, bytes. */
  offset: Type.Integer(),
  /** How many bytes; absent: as many as there are. */
  length: Type.Optional(Type.Integer()),
});

/** Reads the call's member `list_files`. */
export function readListCall(content: unknown): Static<typeof ListFilesCall> | { readonly problem: string } {
  const reading = readLenient(ListFilesCall, content);
  return reading.ok ? (reading.value as Static<typeof ListFilesCall>) : { problem: reading.problem };
}

/** Reads the call's member `read_file`. */
export function readFileCall(content: unknown): Static<typeof ReadFileCall> | { readonly problem: string } {
  const reading = readLenient(ReadFileCall, content);
  if (!reading.ok) return { problem: reading.problem };
  const call = reading.value as Static<typeof ReadFileCall>;
  const isInRange = call.offset >= 0 && (call.length ?? 0) >= 0;
  return isInRange ? call : { problem: `'offset' and 'length' of 'read_file' are numbers from 0` };
}
