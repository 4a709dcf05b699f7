/** Files behind paths of our own, read as Mesos's `/files` reads them: sandboxes of tasks, and the log of a process. */
export { answerFiles, FILES_PAGES, type FilesAnswer } from './files-answers.ts';
export { openInside } from './open-inside.ts';
export { fileInfos, listFolder, readPiece } from './located-files.ts';
export type { FileProblem, ResolvedPath, VirtualFiles } from './located-files.ts';
