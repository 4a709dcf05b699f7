/** Secrets on their way to an agent: by reference, never by value. */
import type { Secret } from '@stadion/contract/mesos-workload';
import type { AppDefinition } from '@stadion/contract/orchestrator';

/** @param name the name in the definition; validation has seen that `secrets` has it */
export function secretOf(name: string, secrets: AppDefinition['secrets']): Secret {
  return { type: 'REFERENCE', reference: { name: secrets?.[name]?.source ?? name } };
}
