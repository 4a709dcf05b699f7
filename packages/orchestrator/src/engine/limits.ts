/** The bounds of the engine's own queues and turns. */

/** Instances for which one matching pass looks for places. */
export const MATCHED_PER_PASS_MAX = 16_000;
/** Apps that one matching pass looks at. */
export const APPS_PER_PASS_MAX = 500;
/** Instances launched in one turn, give or take the last offer's. */
export const LAUNCHES_PER_TURN_MAX = 250;
/** Offers made ready for matching in one turn. */
export const OFFERS_PER_TURN_MAX = 500;
/** Offers held at once; what comes above is declined. */
export const OFFERS_HELD_MAX = 50_000;
/** Mesos events handled in one turn. */
export const EVENTS_PER_TURN_MAX = 500;
/** How long a turn may handle events before others get the event loop. */
export const TURN_MS_MAX = 5;
/** Instances that one look at an app may add to, or take from, what is wanted; the rest follows in the next turn. */
export const INSTANCE_CHANGES_PER_TURN_MAX = 1000;
/**
 * Batches on their way to the store before launching and status handling wait for it: full turns of launches, as many as
 * a commit of the store takes. With a quarter of that a fifth of the time was spent waiting for the disk.
 */
export const BATCHES_IN_FLIGHT_MAX = 16;
/** Records that have become durable before what waited for them leaves in a later turn. */
export const RELEASED_PER_TURN_MAX = 1000;
/** Tasks named in one RECONCILE call. */
export const RECONCILE_TASKS_PER_CALL_MAX = 1000;
/** What is unanswered is asked again after so many milliseconds a task at the soonest: asking 100,000 times takes a while itself. */
export const RECONCILE_RETRY_PER_TASK_MS = 0.02;
/** Shared address lists that are remembered. */
export const SHARED_ADDRESSES_MAX = 50_000;
/** Agents whose places are remembered. */
export const SHARED_PLACES_MAX = 100_000;
/** How long to wait before a full store is tried again. */
export const STORE_FULL_RETRY_MS = 1000;
/** Changes of the root that are remembered, so that it can be taken back to before each: Marathon's `--zk_max_versions`. */
export const ROOT_VERSIONS_MAX = 50;
/** How long offers are asked for to look for reservations of ours that nobody knows of, milliseconds. */
export const RESERVATION_SCAN_MS = 60_000;
/** What an agent owes and does not offer is looked for again so long after, and when that finds nothing either it is done. */
export const RESERVATION_SCAN_AGAIN_MS = 600_000;
/** Reservations of instances that are gone, written down until they are given back. */
export const RESERVATIONS_OWED_MAX = 10_000;
/** How long a master that does not give back what it was asked for is left alone before it is asked again. */
export const GIVE_BACK_PAUSES = {
  backoffSeconds: 1,
  backoffFactor: 2,
  maxLaunchDelaySeconds: 600,
  forgottenAfterSeconds: 3600,
};
/** The least pause of an app whose launches are refused, and the least that it grows by, whatever the app itself says. */
export const REFUSED_LAUNCH_PAUSES = { secondsMin: 1, factorMin: 1.15 };
/** Pauses of one app, by the configuration that kept failing; those of the oldest are forgotten. */
export const BACKOFFS_PER_APP_MAX = 25;
/** Roles in which offers are taken; apps of roles beyond that wait. */
export const FRAMEWORK_ROLES_MAX = 1000;
/** Groups with a lock or windows. */
export const POLICIES_MAX = 1000;
/** How often agents are asked whether anybody still uses what drains, and how many may be asked at once. */
export const DRAIN_LOOK_MS = 1000;
export const DRAIN_AGENTS_ASKED_MAX = 100;
/** How many times in a row nobody must be connected before an instance is ended sooner. */
export const DRAIN_QUIET_LOOKS = 3;
/** Instances of one app that are kept to be looked at. */
export const FROZEN_PER_APP_MAX = 10;
/** How often a rebalance looks at how its moves get on. */
export const MOVES_LOOK_MS = 1000;
/** Groups that one change of the root may concern. */
export const GROUPS_PER_CHANGE_MAX = 500;
/** Apps that one change of the root may concern: with up to three records each they fit into one commit. */
export const APPS_PER_CHANGE_MAX = 3000;
/** Apps named in the record of a deployment. */
export const AFFECTED_APPS_SHOWN_MAX = 1000;
