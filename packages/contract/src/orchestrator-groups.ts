/** Groups of the orchestrator's API: as people send them. */
export { GroupInput } from './orchestrator/group.ts';
