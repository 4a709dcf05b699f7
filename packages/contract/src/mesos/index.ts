/** The Mesos v1 shapes that frameworks and masters exchange. */
export { HealthCheckInfo, HealthResult, ReadinessCheckInfo, ReadinessResult, healthCheckV1 } from './checks.ts';
export { CommandInfo, CommandUri, ContainerInfo } from './container.ts';
export { Attribute, DomainInfo, IdValue, Labels, Range, Resource } from './resources.ts';
export {
  FrameworkCapability,
  FrameworkInfo,
  MasterInfo,
  Offer,
  OfferOperation,
  SchedulerCall,
  SchedulerEvent,
  launchedTasks,
  type SchedulerConnection,
} from './scheduler.ts';
export { DiscoveryInfo, StatusReason, StatusSource, TaskInfo, TaskState, TaskStatus, isTerminal } from './task.ts';
