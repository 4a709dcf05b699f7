/** What of an app could be smaller, so that it fits where it comes nearest to fitting. */
import type { AppDefinition } from '@stadion/contract/orchestrator';
import type { NearestFit } from '@stadion/contract/orchestrator-extensions';
import { cores, mebibytes } from './amounts.ts';

/** Amounts that an app asks for: cores, MiB, MiB and whole GPUs. */
const AMOUNTS = ['cpus', 'mem', 'disk', 'gpus'] as const;
type Amount = (typeof AMOUNTS)[number];

/** Some amounts that an app is to ask for instead. */
export type SmallerAmounts = Readonly<Partial<Record<Amount, number | undefined>>>;

const WORDS: Readonly<Record<Amount, (amount: number) => string>> = {
  cpus: (amount) => `${cores(amount)} ${amount === 1 ? 'core' : 'cores'}`,
  mem: (amount) => `${mebibytes(amount)} of memory`,
  disk: (amount) => `${mebibytes(amount)} of disk`,
  gpus: (amount) => `${String(amount)} ${amount === 1 ? 'GPU' : 'GPUs'}`,
};

/** What the agent lacks, in words. */
export function lackInWords({ lacks }: NearestFit): string {
  const parts = AMOUNTS.flatMap((name) => {
    const amount = lacks[name];
    return amount === undefined ? [] : [WORDS[name](amount)];
  });
  return parts.join(', ');
}

/** The amounts with which one instance would fit there; undefined when an app as small as that is none. */
export function amountsThatFit(app: AppDefinition, { lacks }: NearestFit): SmallerAmounts | undefined {
  const amounts: Partial<Record<Amount, number>> = {};
  for (const name of AMOUNTS) {
    const lack = lacks[name];
    if (lack === undefined) continue;
    // Thousandths are what placement reckons in; memory and disk people write in whole MiB.
    const unit = name === 'cpus' ? 1000 : 1;
    const left = Math.floor(Math.round((app[name] - lack) * 1000) / (1000 / unit)) / unit;
    if (left < 0 || (left === 0 && name !== 'gpus' && name !== 'disk')) return undefined;
    amounts[name] = left;
  }
  return amounts;
}

/** Amounts in words, for a sentence. */
export function amountsInWords(amounts: SmallerAmounts): string {
  return lackInWords({ agentId: '', hostname: '', lacks: defined(amounts) });
}

function defined(amounts: SmallerAmounts): NearestFit['lacks'] {
  return Object.fromEntries(Object.entries(amounts).filter(([, amount]) => amount !== undefined));
}

/** Reads amounts from the query of the editor's URL. What is no amount is not taken. */
export function readAmounts(search: Readonly<Record<string, unknown>>): SmallerAmounts {
  return Object.fromEntries(
    AMOUNTS.filter((name) => Object.hasOwn(search, name)).map((name) => {
      const value = search[name];
      const isAmount = typeof value === 'number' && Number.isFinite(value) && value >= 0;
      return [name, isAmount ? value : undefined];
    }),
  );
}

/** A draft with other amounts. */
export function withAmounts<Draft extends object>(draft: Draft, amounts: SmallerAmounts): Draft {
  return { ...draft, ...defined(amounts) };
}
