/** The port behind which the secrets of tasks are. */

/** A secret's value, or a sentence why there is none, which begins with the failure's name. */
export type FoundSecret =
  { readonly ok: true; readonly value: string } | { readonly ok: false; readonly message: string };

/** Looks secrets up by their names. Values are for the start of a task, and are kept nowhere. */
export interface SecretSource {
  find(name: string): Promise<FoundSecret>;
}
