/** Parts of what a task runs in, for those who make or carry out descriptions of tasks. */
export { CheckInfo, CheckStatusInfo } from './checks.ts';
export { ContainerVolume, EnvironmentVariable, Secret, VolumeSource } from './container.ts';
export { DiskInfo, Reservation } from './resources.ts';
export { ExecutorInfo, TaskGroupInfo } from './task.ts';
