/** The last N of something. */

/** Keeps the newest `capacity` items; older ones fall out. */
export class Ring<Item> implements Iterable<Item> {
  private readonly items: Item[] = [];
  private oldest = 0;
  private readonly capacity: number;

  /** @param capacity how many are kept; 0 keeps none */
  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get size(): number {
    return this.items.length;
  }

  /** Adds the newest item. */
  push(item: Item): void {
    if (this.items.length < this.capacity) {
      this.items.push(item);
      return;
    }
    if (this.capacity === 0) return;
    this.items[this.oldest] = item;
    this.oldest = (this.oldest + 1) % this.capacity;
  }

  /** Oldest first. */
  *[Symbol.iterator](): Iterator<Item> {
    for (let offset = 0; offset < this.items.length; offset += 1) {
      yield this.items[(this.oldest + offset) % this.items.length] as Item;
    }
  }
}
