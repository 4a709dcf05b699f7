/** Service discovery inside a service: sources, hubs, selectors. Clients and ZooKeeper have entries of their own. */
export { dnsSource, type DnsSourceOptions } from './adapters/dns-srv/index.ts';
export { orchestratorSource, type OrchestratorSourceOptions } from './adapters/orchestrator/index.ts';
export { staticSource, type StaticSource } from './adapters/static/index.ts';
export { callService, type Attempt, type CallSettings } from './call.ts';
export { decodeNode, encodeNode, type RangerProfile } from './core/ranger-json.ts';
export {
  leastLoadedSelector,
  powerOfTwoSelector,
  randomSelector,
  roundRobinSelector,
  weightedSelector,
  zoneFirstSelector,
  type Selector,
} from './core/selectors.ts';
export { plainNode, type ServiceNode } from './core/service-node.ts';
export { ServicePool } from './core/service-pool.ts';
export { matching, nearestEnvironment, type Criteria } from './core/shards.ts';
export type { HealthCheck } from './health-monitor.ts';
export { Hub, type FollowedService, type HubOptions } from './hub.ts';
export type { NodeSource } from './source.ts';
