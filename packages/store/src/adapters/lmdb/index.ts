/** The embedded store on disk. */
export { openLmdbStore, type LmdbOptions } from './open-lmdb-store.ts';
