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
}

/** Adds up what is known of the layers. */
export class LayerProgress {
  private readonly layers = new Map<string, Layer>();

  add({ id, status = '', progressDetail }: ProgressLine): void {
    // Lines about the whole image carry its tag as id.
    if (id === undefined || !/^[0-9a-f]{12}$/.test(id)) return;
    const layer = this.layers.get(id) ?? { current: 0, total: 0 };
    this.layers.set(id, layer);
    if (status === 'Downloading') {
      layer.current = progressDetail?.current ?? layer.current;
      layer.total = progressDetail?.total ?? layer.total;
    }
    if (status === 'Download complete') layer.current = layer.total;
  }

  /** Of the layers that are known so far; the Engine learns of them as it goes. */
  get bytes(): { readonly current: number; readonly total: number } {
    let current = 0;
    let total = 0;
    for (const layer of this.layers.values()) {
      current += layer.current;
      total += layer.total;
    }
    return { current, total };
  }
}
