/** Where a run can be tampered with: each door is handed the real part and gives the one that is used. */
import type { AgentOptions } from '@stadion/agent';
import type { AgentAcceptor } from '@stadion/contract/agent-link';
import type { OrchestratorEvent } from '@stadion/contract/orchestrator';
import type { AgentRegistry, SettingsRegistry } from '@stadion/master';
import type { Engine, EngineOptions } from '@stadion/orchestrator';

/** All doors; every one gives back what it got until somebody replaces it (see `SimulationOptions.sabotage`). */
export interface Doors {
  /** What an engine is made of: its store, its way to the master. Asked once per life of the control plane. */
  engineOptions: (options: EngineOptions) => EngineOptions;
  /** What a master keeps its list of agents in. Asked once per life of the control plane. */
  registry: (registry: AgentRegistry) => AgentRegistry;
  /** What a master keeps its settings in. Asked once per life of the control plane. */
  settings: (registry: SettingsRegistry) => SettingsRegistry;
  /** What users, checkers and the settling see of the engine. */
  engine: (engine: Engine) => Engine;
  /** What listeners hear of the orchestrator; undefined: this event is lost. */
  news: (event: OrchestratorEvent) => OrchestratorEvent | undefined;
  /** The master's ear for agents. */
  acceptor: (acceptor: AgentAcceptor) => AgentAcceptor;
  /** What an agent is made of: its machine, its disk, its containerizer. Asked once per life of the agent. */
  agent: (options: AgentOptions, machine: string) => AgentOptions;
}

/** Doors that nobody has tampered with. */
export function honestDoors(): Doors {
  return {
    engineOptions: (options) => options,
    registry: (registry) => registry,
    settings: (registry) => registry,
    engine: (engine) => engine,
    news: (event) => event,
    acceptor: (acceptor) => acceptor,
    agent: (options) => options,
  };
}
