/** The Mesos v1 shapes that frameworks and masters exchange. */
export { Attribute, DomainInfo, IdValue, Labels, Range, Resource } from './resources.ts';
export {
  FrameworkCapability,
  FrameworkInfo,
  MasterInfo,
  Offer,
  OfferOperation,
  SchedulerCall,
  SchedulerEvent,
  type SchedulerConnection,
} from './scheduler.ts';
export {
  CommandInfo,
  CommandUri,
  ContainerInfo,
  DiscoveryInfo,
  HealthCheckInfo,
  HealthResult,
  ReadinessCheckInfo,
  ReadinessResult,
  StatusReason,
  StatusSource,
  TaskInfo,
  TaskState,
  TaskStatus,
  isTerminal,
} from './task.ts';
