/** How far a pull is, from the lines that the Engine writes about each layer. */

/** One line of the Engine's answer to a pull. */
export interface ProgressLine {
  readonly id?: string;
  readonly status?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
  readonly error?: string;
  readonly errorDetail?: { readonly message?: string };
}

interface Layer {
  current: number;
  total: number;
  done: boolean;
}

const DONE = new Set(['Pull complete', 'Already exists']);
const MEGABYTE = 1_000_000;

/** Adds up what is known of the layers. */
export class LayerProgress {
  private readonly layers = new Map<string, Layer>();

  add({ id, status = '', progressDetail }: ProgressLine): void {
    // Lines about the whole image carry its tag as id.
    if (id === undefined || !/^[0-9a-f]{12}$/.test(id)) return;
    const layer = this.layers.get(id) ?? { current: 0, total: 0, done: false };
    this.layers.set(id, layer);
    if (status === 'Downloading') {
      layer.current = progressDetail?.current ?? layer.current;
      layer.total = progressDetail?.total ?? layer.total;
    }
    if (status === 'Download complete') layer.current = layer.total;
    if (DONE.has(status)) layer.done = true;
  }

  get counts(): { readonly layers: number; readonly done: number; readonly current: number; readonly total: number } {
    let done = 0;
    let current = 0;
    let total = 0;
    for (const layer of this.layers.values()) {
      if (layer.done) done += 1;
      current += layer.current;
      total += layer.total;
    }
    return { layers: this.layers.size, done, current, total };
  }
}

/** `3 of 8 layers, 40 of 120 MB (33%)`. */
export function describeProgress(progress: LayerProgress): string {
  const { layers, done, current, total } = progress.counts;
  const amount = total === 0 ? '' : `, ${megabytes(current)} of ${megabytes(total)} MB`;
  const percent = total === 0 ? '' : ` (${Math.floor((100 * current) / total)}%)`;
  return `${done} of ${layers} layers${amount}${percent}`;
}

function megabytes(bytes: number): string {
  return (bytes / MEGABYTE).toFixed(bytes < 10 * MEGABYTE ? 1 : 0);
}
