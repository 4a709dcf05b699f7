/** Parts of the composition that run on any time and network: what the simulator composes as well. */
export { newestMasterDialer, type ReachedMaster } from './agent-link/newest-master.ts';
export { StoredAgentRegistry } from './agent-registry.ts';
export { StoredSettingsRegistry } from './settings-registry.ts';
