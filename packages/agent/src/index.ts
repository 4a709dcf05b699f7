/** The agent: runs tasks on one machine. */
export { createAgent, type Agent } from './agent.ts';
export { type AgentView } from './agent-view.ts';
export { AGENT_CONFIG_DEFAULT, type AgentConfig, type AgentOptions } from './agent-options.ts';
export {
  createFakeContainerizer,
  type FakeBehaviour,
  type FakeContainerizer,
  type FakeContainerizerOptions,
} from './adapters/fake/fake-containerizer.ts';
export { FileCheckpoints } from './adapters/checkpoints-file/file-checkpoints.ts';
export { MemoryCheckpoints } from './adapters/checkpoints-memory/memory-checkpoints.ts';
export { FileVolumes } from './adapters/volumes-file/file-volumes.ts';
export { MemoryVolumes } from './adapters/volumes-memory/memory-volumes.ts';
export { FileSandboxes } from './adapters/sandboxes-file/file-sandboxes.ts';
export { MemorySandboxes } from './adapters/sandboxes-memory/memory-sandboxes.ts';
export { createWebFetcher, type WebFetcherOptions } from './adapters/fetcher-web/web-fetcher.ts';
export { MemoryFetcher } from './adapters/fetcher-memory/memory-fetcher.ts';
export { ownUser } from './adapters/system-users.ts';
export { createExecProber } from './adapters/prober-exec/exec-prober.ts';
export { createNetworkProber } from './adapters/prober-network/network-prober.ts';
export { MemoryProber } from './adapters/prober-memory/memory-prober.ts';
export { detectResources, overrideResources, parseAttributes, parseResources, type Parsed } from './core/resources.ts';
export { createAgentHttp } from './http/agent-http.ts';
export { acceptTaskSession } from './http/task-sessions.ts';
