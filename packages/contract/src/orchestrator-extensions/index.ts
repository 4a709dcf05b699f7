/** What the orchestrator has beyond Marathon's `/v2` API. */
export { ServingReason, extensionEventTypes } from '../orchestrator/events.ts';
export { EXTENSIONS_HEADER, EXTENSIONS_QUERY } from './wish.ts';
