/** Backups. Of their own, because they need the store, and a role that has no state is to do without. */
export { runBackup } from './backup/run-backup.ts';
