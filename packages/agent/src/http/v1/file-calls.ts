/** `LIST_FILES` and `READ_FILE`: what `/files` shows, by a call. */
import { Type } from '@sinclair/typebox';
import { readLenient } from '@stadion/contract/mesos-wire';
import type { AgentView } from '../../agent-view.ts';
import { accountNames } from '../file-facts.ts';
import { listFolder, readPiece } from '../sandbox-files.ts';
import type { Refusal } from './refusal.ts';

const ListFiles = Type.Object({ path: Type.String() });
const ReadFile = Type.Object({ path: Type.String(), offset: Type.Integer(), length: Type.Optional(Type.Integer()) });

/** `Response.ListFiles`. @param content the member of the call that is named for its type */
export async function listFiles(agent: AgentView, content: unknown): Promise<object | Refusal> {
  const reading = readLenient(ListFiles, content);
  if (!reading.ok) return invalid(reading.problem);
  const { path } = reading.value as { readonly path: string };
  const entries = await listFolder(agent, path);
  if ('ok' in entries) return entries;
  const accounts = await accountNames();
  return {
    file_infos: entries.map(({ path: name, facts }) => ({
      path: name,
      nlink: facts.nlink,
      size: facts.size,
      mtime: { nanoseconds: Math.floor(facts.mtimeMs) * 1_000_000 },
      mode: facts.mode,
      uid: accounts.user(facts.uid),
      gid: accounts.group(facts.gid),
    })),
  };
}

/** `Response.ReadFile`: bytes from `offset` on, 16 pages at most, and the size of the whole. */
export async function readFile(agent: AgentView, content: unknown): Promise<object | Refusal> {
  const reading = readLenient(ReadFile, content);
  if (!reading.ok) return invalid(reading.problem);
  const { path, offset, length } = reading.value as {
    readonly path: string;
    readonly offset: number;
    readonly length?: number;
  };
  if (offset < 0 || (length ?? 0) < 0) return invalid(`'offset' and 'length' of 'read_file' are numbers from 0`);
  const piece = await readPiece(agent, path, offset, length);
  return 'ok' in piece ? piece : { size: piece.size, data: piece.bytes.toString('base64') };
}

function invalid(problem: string): Refusal {
  return { status: 400, message: `Failed to validate agent::Call: ${problem}` };
}
