/** Pods as the orchestrator's API has them, and the checks that apps have as well: what people send, what is answered. */
export { AppCheck } from './orchestrator/app.ts';
export { CheckResult } from './orchestrator/task.ts';
export {
  PodCheck,
  PodContainer,
  PodDefinition,
  PodEndpoint,
  PodHealthCheck,
  PodInput,
  PodResources,
  PodVolume,
} from './orchestrator/pod.ts';
export { KilledPodInstance, PodContainerStatus, PodInstanceStatus, PodStatus } from './orchestrator/pod-status.ts';
export { ContainerLinuxInfo } from './orchestrator/linux-info.ts';
export { ShownAction } from './orchestrator/deployment.ts';
