/** Numbers as people read them. */

/** Cores: at most two decimals. */
export function cores(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** MiB as MiB, GiB or TiB. */
export function mebibytes(value: number): string {
  if (value < 1024) return `${round(value)} MiB`;
  if (value < 1024 * 1024) return `${round(value / 1024)} GiB`;
  return `${round(value / 1024 / 1024)} TiB`;
}

/** 1234567 as 1,234,567. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** `1 instance`, `2 instances`. */
export function counted(value: number, noun: string, plural = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : plural}`;
}

/** A share from 0 to 1 as whole percent. */
export function percent(share: number): string {
  return `${String(Math.round(share * 100))} %`;
}

function round(value: number): string {
  return String(value >= 100 ? Math.round(value) : Math.round(value * 10) / 10);
}
