/** The composition root: one process with every role. */
export { runBackup } from './backup/run-backup.ts';
export { runUp, type RoleStart, type UpSurroundings } from './up.ts';
export { consolePages } from './console-pages.ts';
