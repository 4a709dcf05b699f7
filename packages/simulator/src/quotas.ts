/** What operators let roles have: quotas of a tree of roles, changed in mid-life, with books on what was acknowledged. */
import { PlatformError, randomBelow, type Random } from '@stadion/base';
import type { QuotaConfig } from '@stadion/contract/cluster-settings';
import { quotaChange, type Master } from '@stadion/master';
import { canonical } from './promises.ts';
import { ValueBook } from './value-book.ts';

/** The roles of apps that share a quota: the second is below the first. */
export const TEAM_ROLES = ['team', 'team/night'] as const;

/** Limits of cpus and MiB that bite: an app of a few instances comes close to them. */
const CPUS = [0, 1, 2, 5, 20];
const MEM = [0, 100, 300, 1_000];

/** The quotas of one world. */
export class Quotas {
  private readonly book = new ValueBook('[]');
  private readonly master: () => Master | undefined;

  /** @param master the one that runs now */
  constructor(master: () => Master | undefined) {
    this.master = master;
  }

  /**
   * Has the master that runs keep these quotas.
   * @returns whether it has said yes; never, should it die before. False when none runs, it says no, or cannot tell.
   */
  async set(configs: readonly QuotaConfig[]): Promise<boolean> {
    const change = quotaChange(configs, true);
    let acknowledge: () => void = () => undefined;
    const asked = this.master()?.configure((settings, view) => {
      const decision = change(settings, view);
      if (decision.ok) acknowledge = this.book.write(canonical(decision.settings.quotas));
      return decision;
    });
    try {
      if (asked === undefined || (await asked) !== undefined) return false;
    } catch (error) {
      // A store that is full, gone, or of another leader by now: whether it is kept is open.
      if (!(error instanceof PlatformError)) throw error;
      return false;
    }
    acknowledge();
    return true;
  }

  /** Ends all of them, if there are any. Called again and again while the world settles. */
  async lift(): Promise<void> {
    const roles = this.master()?.view?.settings.quotas.map(({ role }) => ({ role })) ?? [];
    if (roles.length > 0) await this.set(roles);
  }

  /** A sentence on quotas that are older than what was acknowledged. From here on, what a newcomer has read is the promise. */
  reload(): string | undefined {
    const settings = this.master()?.view?.settings;
    if (settings === undefined) return undefined;
    const found = canonical(settings.quotas);
    const promised = this.book.reload(found);
    return promised && `the quotas were acknowledged as ${promised} and are ${found} after a restart`;
  }
}

/** Quotas for the team, for what is below it, for both, or for neither; what is below has no more than what is above. */
export function randomQuotas(random: Random): QuotaConfig[] {
  const [above, below] = TEAM_ROLES;
  const most = randomLimits(random);
  const least = randomLimits(random);
  const limits = { cpus: Math.min(most.cpus, least.cpus), mem: Math.min(most.mem, least.mem) };
  switch (randomBelow(random, 4)) {
    case 0:
      return [{ role: above }, { role: below }];
    case 1:
      return [quota(above, most), { role: below }];
    case 2:
      return [{ role: above }, quota(below, limits)];
    default:
      return [quota(above, most), quota(below, limits)];
  }
}

function randomLimits(random: Random): { readonly cpus: number; readonly mem: number } {
  return { cpus: CPUS[randomBelow(random, CPUS.length)] ?? 0, mem: MEM[randomBelow(random, MEM.length)] ?? 0 };
}

function quota(role: string, { cpus, mem }: { readonly cpus: number; readonly mem: number }): QuotaConfig {
  return { role, limits: { cpus: { value: cpus }, mem: { value: mem } } };
}
