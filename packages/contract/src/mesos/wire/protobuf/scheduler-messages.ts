/** Calls and events of `mesos.v1.scheduler` by their field numbers. */
import type { Enumerations, Messages } from './notation.ts';

export const SCHEDULER_MESSAGES: Messages = {
  Subscribe: 'framework_info! 1 FrameworkInfo, suppressed_roles* 2 string',
  Accept: 'offer_ids* 1 OfferID, operations* 2 Operation, filters 3 Filters',
  Decline: 'offer_ids* 1 OfferID, filters 2 Filters',
  AnswerInverseOffers: 'inverse_offer_ids* 1 OfferID, filters 2 Filters',
  UpdateFramework: 'framework_info! 1 FrameworkInfo, suppressed_roles* 2 string',
  Roles: 'roles* 1 string',
  Kill: 'task_id! 1 TaskID, agent_id 2 AgentID, kill_policy 3 KillPolicy',
  Shutdown: 'executor_id! 1 ExecutorID, agent_id! 2 AgentID',
  Acknowledge: 'agent_id! 1 AgentID, task_id! 2 TaskID, uuid! 3 bytes',
  TaskReference: 'task_id! 1 TaskID, agent_id 2 AgentID',
  Reconcile: 'tasks* 1 TaskReference',
  ExecutorMessage: 'agent_id! 1 AgentID, executor_id! 2 ExecutorID, data! 3 bytes',
  ResourceRequest: 'agent_id 1 AgentID, resources* 2 Resource',
  Request: 'requests* 1 ResourceRequest',
  SchedulerCall: `framework_id 1 FrameworkID, type 2 SchedulerCallType, subscribe 3 Subscribe, accept 4 Accept,
    decline 5 Decline, accept_inverse_offers 13 AnswerInverseOffers, decline_inverse_offers 14 AnswerInverseOffers,
    revive 15 Roles, kill 6 Kill, shutdown 7 Shutdown, acknowledge 8 Acknowledge, reconcile 9 Reconcile,
    message 10 ExecutorMessage, request 11 Request, suppress 16 Roles,
    update_framework 19 UpdateFramework`,
  Subscribed: 'framework_id! 1 FrameworkID, heartbeat_interval_seconds 2 double, master_info 3 MasterInfo',
  Offers: 'offers* 1 Offer',
  InverseOffers: 'inverse_offers* 1 InverseOffer',
  Rescind: 'offer_id! 1 OfferID',
  RescindInverseOffer: 'inverse_offer_id! 1 OfferID',
  Update: 'status! 1 TaskStatus',
  Failure: 'agent_id 1 AgentID, executor_id 2 ExecutorID, status 3 int32',
  ErrorMessage: 'message! 1 string',
  SchedulerEvent: `type 1 SchedulerEventType, subscribed 2 Subscribed, offers 3 Offers, inverse_offers 9 InverseOffers,
    rescind 4 Rescind, rescind_inverse_offer 10 RescindInverseOffer, update 5 Update, message 6 ExecutorMessage,
    failure 7 Failure, error 8 ErrorMessage`,
};

export const SCHEDULER_ENUMERATIONS: Enumerations = {
  SchedulerCallType: `UNKNOWN 0, SUBSCRIBE 1, TEARDOWN 2, ACCEPT 3, DECLINE 4, ACCEPT_INVERSE_OFFERS 13,
    DECLINE_INVERSE_OFFERS 14, REVIVE 5, KILL 6, SHUTDOWN 7, ACKNOWLEDGE 8, ACKNOWLEDGE_OPERATION_STATUS 15,
    RECONCILE 9, RECONCILE_OPERATIONS 16, MESSAGE 10, REQUEST 11, SUPPRESS 12,
    UPDATE_FRAMEWORK 17`,
  SchedulerEventType: `UNKNOWN 0, SUBSCRIBED 1, OFFERS 2, INVERSE_OFFERS 9, RESCIND 3, RESCIND_INVERSE_OFFER 10, UPDATE 4,
    UPDATE_OPERATION_STATUS 11, MESSAGE 5, FAILURE 6, ERROR 7, HEARTBEAT 8`,
};
