/** `LIST_FILES` and `READ_FILE`: what `/files` shows, by a call. */
import { fileInfos, listFolder, readPiece, type VirtualFiles } from '@stadion/base/virtual-files';
import { readFileCall, readListCall } from '@stadion/contract/mesos-wire';

/** The answer's member, or why there is none. */
type FileAnswer = { readonly member: object } | { readonly status: number; readonly message: string };

/** Calls about files, by their type. */
export const FILE_CALLS: Readonly<Record<string, (files: VirtualFiles, content: unknown) => Promise<FileAnswer>>> = {
  async LIST_FILES(files, content) {
    const call = readListCall(content);
    if ('problem' in call) return invalid(call.problem);
    const entries = await listFolder(files, call.path);
    return 'ok' in entries ? entries : { member: { file_infos: await fileInfos(entries) } };
  },
  async READ_FILE(files, content) {
    const call = readFileCall(content);
    if ('problem' in call) return invalid(call.problem);
    const piece = await readPiece(files, call.path, call.offset, call.length);
    return 'ok' in piece ? piece : { member: { size: piece.size, data: piece.bytes.toString('base64') } };
  },
};

function invalid(problem: string): FileAnswer {
  return { status: 400, message: `Failed to validate master::Call: ${problem}` };
}
