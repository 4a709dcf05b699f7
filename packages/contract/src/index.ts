/** What every room shares. The shapes of each API have an entry of their own: `/mesos`, `/orchestrator`, `/agent-link`. */
export { stringEnum } from './string-enum.ts';
