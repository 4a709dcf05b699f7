/** Amounts of resources as people write them: `cpus=4,mem=8192`. */

/** What a role can be bound in. */
const NAMES = ['cpus', 'mem', 'disk', 'gpus'] as const;

/** As Mesos's v1 messages have them. */
export type Amounts = Readonly<Record<string, { readonly value: number }>>;

/** Reads `cpus=4,mem=8192`; memory and disk are in MiB. @returns a sentence about what cannot be read */
export function readAmounts(text: string): Amounts | string {
  const amounts: Record<string, { readonly value: number }> = {};
  for (const part of text.split(/[,;\s]+/).filter((word) => word !== '')) {
    const [name = '', amount = ''] = part.split('=');
    const isKnown = NAMES.some((known) => known === name);
    if (!isKnown) return `'${part}' is none of ${NAMES.map((one) => `${one}=…`).join(', ')}.`;
    if (!/^\d+(\.\d+)?$/.test(amount)) return `'${part}' needs a number from 0.`;
    if (amounts[name] !== undefined) return `${name} stands there twice.`;
    amounts[name] = { value: Number(amount) };
  }
  return amounts;
}

/** The same for people to read: `cpus=4 mem=8192`; `-` when there are none. */
export function writeAmounts(amounts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(amounts).map(([name, value]) => `${name}=${String(value)}`);
  return parts.join(' ') || '-';
}
