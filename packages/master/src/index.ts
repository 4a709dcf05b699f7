/** The resource kernel: agents, frameworks, offers, tasks, and its read API. */
export { MemoryAgentRegistry, afterChange, type AgentRegistry } from './agent-registry.ts';
export { DEFAULT_MASTER_CONFIG, type MasterConfig } from './config.ts';
export { quotaChange } from './core/allocation/quota-change.ts';
export type { ProbeAnswer, RegisteredAgent, RegistryChange } from './core/cluster/exchange.ts';
export type { ClusterView } from './core/cluster/state.ts';
export { createMasterHttp } from './http/master-http.ts';
export { createStandbyHttp, isOfStandby } from './http/standby-http.ts';
export { MemorySettingsRegistry, type SettingsRegistry } from './settings-registry.ts';
export { createMaster, type Master, type MasterIdentity, type MasterOptions } from './master.ts';
