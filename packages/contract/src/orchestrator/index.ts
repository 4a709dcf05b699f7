/** The orchestrator's public shapes: Marathon's `/v2` API. */
export {
  AppInfo,
  ErrorAnswer,
  GroupInfo,
  QueueItem,
  RejectReason,
  TaskStats,
  UnusedOffer,
  Violation,
  WaitingReason,
} from './answers.ts';
export {
  AppDefinition,
  AppInput,
  Artifact,
  HealthCheck,
  Network,
  PortDefinition,
  PortMapping,
  ReadinessCheck,
} from './app.ts';
export { DeploymentAction, DeploymentInfo, DeploymentResult, ReadinessCheckResult } from './deployment.ts';
export { DeploymentPlanInfo, InstanceCondition, OrchestratorEvent } from './events.ts';
export type { Route } from './route.ts';
export { orchestratorRoutes } from './routes.ts';
export { HealthCheckResult, Task, TaskFailure, TaskList } from './task.ts';
