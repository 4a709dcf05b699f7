/**
 * What every room shares. The shapes of each API have an entry of their own: `/mesos`, `/mesos-state`, `/orchestrator`,
 * `/agent-link`, `/dns`; the typed clients are in `/client`.
 */
export type { BackupSummary, BackupTask, StatePlace } from './backup.ts';
export { PLATFORM_FILE_NAMES, PlatformAddresses, PlatformFile } from './platform-file.ts';
export {
  ServerConfig,
  resolveServerConfig,
  serverOptions,
  type PlatformRole,
  type ServerConfigOutcome,
  type ServerConfigSources,
  type ServerOption,
} from './server-config.ts';
export { stringEnum } from './string-enum.ts';
