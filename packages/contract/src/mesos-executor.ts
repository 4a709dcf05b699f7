/** What custom executors and agents say to each other. */
export { ExecutorCall, ExecutorEvent } from './mesos/executor.ts';
