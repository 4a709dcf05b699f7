/** Locks and windows: whether a group may be deployed to now. */
import type { DeployPolicy, DeployWindow } from '@stadion/contract/orchestrator-extensions';

const DAY_MINUTES = 24 * 60;

/**
 * Why a group's policy holds changes back, as a sentence; undefined when it does not.
 * @param now milliseconds since the Unix epoch
 */
export function heldBack(groupId: string, policy: DeployPolicy, now: number): string | undefined {
  if (policy.lock !== undefined) return `Group ${groupId} is locked: ${policy.lock.reason}`;
  if (policy.windows === undefined || policy.windows.some((window) => isOpen(window, now))) return undefined;
  const windows = policy.windows.map(({ days, from, to }) => `days ${days.join(',')} from ${from} to ${to} UTC`);
  return `Group ${groupId} may only be deployed to on ${windows.join('; ')}`;
}

/** Whether a moment is in a window. One whose end is before its begin goes on until the next day. */
export function isOpen({ days, from, to }: DeployWindow, now: number): boolean {
  const date = new Date(now);
  const minute = date.getUTCHours() * 60 + date.getUTCMinutes();
  const [begin, end] = [minutesOf(from), minutesOf(to)];
  const today = date.getUTCDay();
  if (begin < end) return days.includes(today) && minute >= begin && minute < end;
  const yesterday = (today + 6) % 7;
  return (days.includes(today) && minute >= begin) || (days.includes(yesterday) && minute < end % DAY_MINUTES);
}

function minutesOf(text: string): number {
  const [hours = 0, minutes = 0] = text.split(':').map(Number);
  return hours * 60 + minutes;
}
