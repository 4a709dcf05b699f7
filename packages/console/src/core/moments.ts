/** Points and spans of time as people read them. */

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
] as const;

/** A span as `42 s`, `3 min`, `2 h 5 min`, `4 d 1 h`. @param milliseconds negative ones count as 0 */
export function span(milliseconds: number): string {
  let seconds = Math.max(0, Math.round(milliseconds / 1000));
  const parts: string[] = [];
  for (const [name, size] of UNITS) {
    const amount = Math.floor(seconds / size);
    if (amount === 0 && !(size === 1 && parts.length === 0)) {
      if (parts.length > 0) break;
      continue;
    }
    parts.push(`${String(amount)} ${name}`);
    seconds -= amount * size;
    if (parts.length === 2 || name === 'min' || name === 's') break;
  }
  return parts.join(' ');
}

/** A moment as `3 min ago`, `just now`. @param at milliseconds since the epoch */
export function ago(at: number, now: number): string {
  return now - at < 1_500 ? 'just now' : `${span(now - at)} ago`;
}

/** A moment in full, in the viewer's time: `2026-03-01 14:05:09`. @param at milliseconds since the epoch */
export function moment(at: number): string {
  const date = new Date(at);
  const pad = (value: number): string => String(value).padStart(2, '0');
  return `${String(date.getFullYear())}-${pad(date.getMonth() + 1)}-${pad(date.getDate())} ${clockTime(at)}`;
}

/** The time of day, in the viewer's time: `14:05:09`. */
export function clockTime(at: number): string {
  const date = new Date(at);
  const pad = (value: number): string => String(value).padStart(2, '0');
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}
