/** The composition root: one process with every role. */
export { runUp, type UpSurroundings } from './up.ts';
