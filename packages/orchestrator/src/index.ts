export { serves } from './core/health.ts';
export { taskIdOf, taskIdsOf, type AgentPlace, type Instance } from './core/instance.ts';
export type { RunSpec } from './core/pod/run-spec.ts';
export type { EngineView, EventFeed, OrchestratorEngine, Outcome, Rejection, RootView } from './engine.ts';
export { createOrchestratorHttp } from './http/server.ts';
export type { InfoValues, OrchestratorHttpOptions } from './http/options.ts';
export { DEFAULT_ENGINE_CONFIG, type EngineConfig } from './engine/config.ts';
export { createEngine, type Engine, type EngineOptions } from './engine/create-engine.ts';
export { appOfTask, requiredPermission, type RequiredPermission } from './http/required-permission.ts';
