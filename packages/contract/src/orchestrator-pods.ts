/** Pods as the orchestrator's API has them: what people send, what is answered, how they are. */
export {
  PodContainer,
  PodDefinition,
  PodEndpoint,
  PodHealthCheck,
  PodInput,
  PodResources,
  PodVolume,
} from './orchestrator/pod.ts';
export { PodContainerStatus, PodInstanceStatus, PodStatus } from './orchestrator/pod-status.ts';
export { ShownAction } from './orchestrator/deployment.ts';
