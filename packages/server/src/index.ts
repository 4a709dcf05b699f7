/** The composition root: one process with every role. */
export { runUp, type RoleStart, type UpSurroundings } from './up.ts';
export { consolePages } from './console-pages.ts';
