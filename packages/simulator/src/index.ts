/** The whole control plane in virtual time, with faults and checkers; and light agents for measuring. */
export type { Violation } from './checkers/checker.ts';
export type { Doors } from './doors.ts';
export { LightAgent, type LightAgentShape } from './light-agent.ts';
export { sampleApp } from './sample-app.ts';
export { simulate, type SimulationOptions, type SimulationReport } from './simulation.ts';
export type { World } from './world.ts';
