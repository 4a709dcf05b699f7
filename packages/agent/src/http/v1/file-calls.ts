/** `LIST_FILES` and `READ_FILE`: what `/files` shows, by a call. */
import { fileInfos, listFolder, readPiece, type VirtualFiles } from '@stadion/base/virtual-files';
import { readFileCall, readListCall } from '@stadion/contract/mesos-wire';
import type { Refusal } from './refusal.ts';

/** `Response.ListFiles`. @param content the member of the call that is named for its type */
export async function listFiles(files: VirtualFiles, content: unknown): Promise<object | Refusal> {
  const call = readListCall(content);
  if ('problem' in call) return invalid(call.problem);
  const entries = await listFolder(files, call.path);
  return 'ok' in entries ? entries : { file_infos: await fileInfos(entries) };
}

/** `Response.ReadFile`: bytes from `offset` on, 16 pages at most, and the size of the whole. */
export async function readFile(files: VirtualFiles, content: unknown): Promise<object | Refusal> {
  const call = readFileCall(content);
  if ('problem' in call) return invalid(call.problem);
  const piece = await readPiece(files, call.path, call.offset, call.length);
  return 'ok' in piece ? piece : { size: piece.size, data: piece.bytes.toString('base64') };
}

function invalid(problem: string): Refusal {
  return { status: 400, message: `Failed to validate agent::Call: ${problem}` };
}
