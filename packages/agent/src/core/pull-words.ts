/** How far the pull of an image is, in words for people. */

const MEGABYTE = 1_000_000;

/** `Pulling the image app:1: 43 %, 12 of 28 MB`. @param bytes of which so many are there; 0 in total: nobody knows yet */
export function describePull(image: string, bytes: { readonly current: number; readonly total: number }): string {
  const { current, total } = bytes;
  if (total === 0) return `Pulling the image ${image}`;
  const percent = Math.min(100, Math.floor((100 * current) / total));
  return `Pulling the image ${image}: ${String(percent)} %, ${megabytes(current)} of ${megabytes(total)} MB`;
}

function megabytes(bytes: number): string {
  return (bytes / MEGABYTE).toFixed(bytes < 10 * MEGABYTE ? 1 : 0);
}
