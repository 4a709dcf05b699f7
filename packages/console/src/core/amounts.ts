/** Numbers as people read them. */

/** Cores: at most two decimals, a third where there is little. */
export function cores(value: number): string {
  const scale = Math.abs(value) < 0.1 ? 1000 : 100;
  return String(Math.round(value * scale) / scale);
}

/** MiB as MiB, GiB or TiB. */
export function mebibytes(value: number): string {
  if (value < 1024) return `${round(value)} MiB`;
  if (value < 1024 * 1024) return `${round(value / 1024)} GiB`;
  return `${round(value / 1024 / 1024)} TiB`;
}

/** Bytes as B, KiB, MiB or GiB. */
export function bytes(value: number): string {
  if (value < 1024) return `${String(value)} B`;
  return value < 1024 * 1024 ? `${round(value / 1024)} KiB` : mebibytes(value / 1024 / 1024);
}

const GROUPED = new Intl.NumberFormat('en-US');

/** 1234567 as 1,234,567. */
export function count(value: number): string {
  // Most numbers are small, and lists have many.
  return Number.isInteger(value) && value >= 0 && value < 1000 ? String(value) : GROUPED.format(value);
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
