/** Where instances run. */

/** Where an instance runs. One object per agent, shared by all its instances. */
export interface AgentPlace {
  readonly agentId: string;
  readonly hostname: string;
  readonly region: string | undefined;
  readonly zone: string | undefined;
  /** Attributes in their text form (scalar `0.###`, ranges `[1-5,7-9]`, set `{a,b}` sorted), by name. */
  readonly attributes: ReadonlyMap<string, string>;
}
