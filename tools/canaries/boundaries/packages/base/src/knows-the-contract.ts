export type { TaskState } from '@stadion/contract/mesos';
