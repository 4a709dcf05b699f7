/** Parts of what a task runs in, for those who make or carry out descriptions of tasks. */
export { CheckInfo, CheckStatusInfo } from './mesos/checks.ts';
export { ContainerVolume, EnvironmentVariable, Secret, VolumeSource } from './mesos/container.ts';
export { DiskInfo, Reservation, Unavailability } from './mesos/resources.ts';
export { AttributeConstraint, OfferConstraints, OfferFilters } from './mesos/offer-constraints.ts';
export { OperationState, OperationStatus } from './mesos/operation-status.ts';
export { ExecutorInfo, TaskGroupInfo } from './mesos/task.ts';
