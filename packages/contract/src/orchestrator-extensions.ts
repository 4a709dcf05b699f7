/** What the orchestrator has beyond Marathon's `/v2` API. */
export {
  AppDiff,
  DeployPolicy,
  DeployWindow,
  DeploymentOutcome,
  DeploymentRecord,
  FieldDiff,
  FitAnswer,
  PlanAnswer,
  PlanInput,
} from './orchestrator/deployment-records.ts';
export { LoggerChange, OwnPermissions } from './orchestrator/system-routes.ts';
export { NearestFit, WhyAnswer } from './orchestrator/answers.ts';
export { RecentEvent, ServingReason, extensionEventTypes } from './orchestrator/events.ts';

/**
 * A request with this header, of the value `true`, wants what Marathon does not have: further members of tasks, queue
 * items and deployments, and further events. Nobody else gets them, since some of Marathon's clients refuse members that
 * they do not know. The typed client always asks.
 */
export const EXTENSIONS_HEADER = 'x-stadion-extensions';
/** The same as a query parameter, for those who cannot set headers: `?extensions=true`. */
export const EXTENSIONS_QUERY = 'extensions';

/**
 * On the answer to a reader of events who came back with a `Last-Event-ID`: `true` when the stream carries everything that
 * was missed, `false` when that is not known any more.
 */
export const EVENTS_RESUMED_HEADER = 'x-stadion-events-resumed';
