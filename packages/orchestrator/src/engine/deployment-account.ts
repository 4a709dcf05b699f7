/** What is kept of a deployment beyond its plan: who began it and when, what it changes, what failed, how it is held. */
import { Type, type Static } from '@sinclair/typebox';
import { TaskFailure } from '@stadion/contract/orchestrator';
import { AppDiff } from '@stadion/contract/orchestrator-extensions';

/** As it is stored. */
export const DeploymentAccount = Type.Object({
  /** When it began, milliseconds since the Unix epoch. */
  startedAt: Type.Number(),
  /** Who began it: what the API knows of its caller. */
  by: Type.Optional(Type.String()),
  /** What the first of its apps change. */
  diffs: Type.Array(AppDiff),
  /** How many launches of its new instances have ended badly, and the first of them. */
  failureCount: Type.Integer(),
  failures: Type.Array(TaskFailure),
  /** Nothing is started or ended until somebody says so. */
  isPaused: Type.Boolean(),
  /** Since when, milliseconds since the Unix epoch. Absent in what was written before there was a need for it. */
  pausedAt: Type.Optional(Type.Number()),
  /** How long it was held before, milliseconds: none of that counts against its deadline. */
  heldMs: Type.Optional(Type.Number()),
  /** Its canary was found good. */
  isPromoted: Type.Boolean(),
  /** It takes another one back, so it is not taken back by itself. */
  isRollBack: Type.Boolean(),
});
export type DeploymentAccount = Static<typeof DeploymentAccount>;

/** The account of a deployment that begins. */
export function newAccount(
  begun: Pick<DeploymentAccount, 'startedAt' | 'diffs' | 'isRollBack'> & { readonly by: string | undefined },
): DeploymentAccount {
  const { by, ...rest } = begun;
  return {
    ...rest,
    ...(by !== undefined && { by }),
    failureCount: 0,
    failures: [],
    isPaused: false,
    // The way back leads to what is known to be good.
    isPromoted: begun.isRollBack,
  };
}

/** The account of a deployment that somebody holds, or lets go on. @param now milliseconds since the Unix epoch */
export function controlled(
  account: DeploymentAccount,
  change: Partial<Pick<DeploymentAccount, 'isPaused' | 'isPromoted'>>,
  now: number,
): DeploymentAccount {
  const { isPaused, pausedAt, heldMs = 0 } = account;
  const next = { ...account, ...change };
  if (next.isPaused === isPaused) return next;
  if (next.isPaused) return { ...next, pausedAt: now };
  const { pausedAt: _over, ...goesOn } = next;
  // A clock that was set back makes nothing longer.
  return { ...goesOn, heldMs: heldMs + Math.max(0, now - (pausedAt ?? now)) };
}
