/** Typed clients of the platform's APIs, for the command line, the console and anybody's program. */
export { ApiError, isApiError } from './api-error.ts';
export { createDnsClient, type DnsClient } from './dns-client.ts';
export { createEdgeClient, type EdgeClient } from './edge-client.ts';
export type { Fetch } from './http.ts';
export {
  createAgentClient,
  createMasterClient,
  type AgentClient,
  type CallOptions,
  type MasterClient,
  type MesosClientOptions,
} from './mesos-clients.ts';
export {
  createOrchestratorClient,
  type AnswerOf,
  type EventsRequest,
  type OrchestratorClient,
  type OrchestratorClientOptions,
  type RequestOf,
  type ResumedEvents,
  type StreamedEvent,
} from './orchestrator-client.ts';
