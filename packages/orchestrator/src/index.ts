export { createOrchestratorHttp } from './http/server.ts';
export type { InfoValues, OrchestratorHttpOptions } from './http/options.ts';
