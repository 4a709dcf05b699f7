/** The whole control plane in virtual time, with faults and checkers; and light agents for measuring. */
export { LightAgent, type LightAgentShape } from './light-agent.ts';
export { simulate, type SimulationOptions, type SimulationReport } from './simulation.ts';
export { sampleApp } from './workload.ts';
