/** Which renames keep a log below its size. The live file is copied and truncated, since its writer keeps it open. */

/** What to do, in order: rename the older ones up, then copy the live file to `copyTo` and empty it. */
export interface RotationPlan {
  readonly remove: string;
  readonly renames: readonly { readonly from: string; readonly to: string }[];
  readonly copyTo: string;
}

/** Plans the rotation of a log, or nothing when it is small enough. `keep` older files stay: `stdout.1` is the newest. */
export function planRotation(
  name: string,
  sizeBytes: number,
  bytesMax: number,
  keep: number,
): RotationPlan | undefined {
  if (sizeBytes < bytesMax || keep < 1) return undefined;
  const renames: { from: string; to: string }[] = [];
  for (let index = keep - 1; index >= 1; index -= 1) {
    renames.push({ from: `${name}.${index}`, to: `${name}.${index + 1}` });
  }
  return { remove: `${name}.${keep}`, renames, copyTo: `${name}.1` };
}
