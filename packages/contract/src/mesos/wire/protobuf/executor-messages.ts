/** Calls and events of `mesos.v1.executor` by their field numbers. */
import type { Enumerations, Messages } from './notation.ts';

export const EXECUTOR_MESSAGES: Messages = {
  ExecutorSubscribe: 'unacknowledged_tasks* 1 TaskInfo, unacknowledged_updates* 2 ExecutorUpdate',
  ExecutorUpdate: 'status! 1 TaskStatus',
  ExecutorsWord: 'data! 2 bytes',
  FrameworksWord: 'data! 1 bytes',
  ExecutorCall: `executor_id! 1 ExecutorID, framework_id! 2 FrameworkID, type 3 ExecutorCallType,
    subscribe 4 ExecutorSubscribe, update 5 ExecutorUpdate, message 6 ExecutorsWord`,
  ExecutorSubscribed: `executor_info! 1 ExecutorInfo, framework_info! 2 FrameworkInfo, agent_info! 3 AgentInfo,
    container_id 4 ContainerID`,
  ExecutorLaunch: 'task! 1 TaskInfo',
  ExecutorLaunchGroup: 'task_group! 1 TaskGroupInfo',
  ExecutorKill: 'task_id! 1 TaskID, kill_policy 2 KillPolicy',
  ExecutorAcknowledged: 'task_id! 1 TaskID, uuid! 2 bytes',
  ExecutorEvent: `type 1 ExecutorEventType, subscribed 2 ExecutorSubscribed, acknowledged 3 ExecutorAcknowledged,
    launch 4 ExecutorLaunch, launch_group 8 ExecutorLaunchGroup, kill 5 ExecutorKill, message 6 FrameworksWord,
    error 7 ErrorMessage`,
};

export const EXECUTOR_ENUMERATIONS: Enumerations = {
  ExecutorCallType: 'UNKNOWN 0, SUBSCRIBE 1, UPDATE 2, MESSAGE 3, HEARTBEAT 4',
  ExecutorEventType: `UNKNOWN 0, SUBSCRIBED 1, LAUNCH 2, LAUNCH_GROUP 8, KILL 3, ACKNOWLEDGED 4, MESSAGE 5, ERROR 6,
    SHUTDOWN 7, HEARTBEAT 9`,
};
