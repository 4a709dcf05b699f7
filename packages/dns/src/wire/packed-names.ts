/**
 * Names with a few bytes of data each, one after another in blocks of memory: a name takes its own length and little
 * more, where objects and strings would take three times as much and be walked by every garbage collection.
 */
import { Buffer } from 'node:buffer';
import { assert } from '@stadion/base';

/** Where a name is written, block and byte in it; good until the next change. */
export type Place = number;

const HASH_AT = 0;
const CHILDREN_AT = 4;
const DATA_BYTES_AT = 8;
const OWNER_AT = 10;
const KEY_BYTES_AT = 11;
const HEAD_BYTES = 12;
const SLOTS_MIN = 1024;
/** A name fits into one block, whatever it has. */
const BLOCK_BITS = 20;
const BLOCK_BYTES = 1 << BLOCK_BITS;
const BYTE_MASK = BLOCK_BYTES - 1;
const FREE = 0;
/** A slot whose name has gone: those behind it are still to be found. */
const GONE = 0xffff_ffff;

/** The most bytes that one name can have. */
const DATA_BYTES_MAX = 0xffff;

/** A table of names by key (see `name-key`), without anything that a garbage collection looks at. */
export class PackedNames {
  private blocks: Buffer[] = [];
  /** Up to where the last block is written. Nothing is at place 0, so that it can mean a free slot. */
  private end = BLOCK_BYTES;
  private liveBytes = 0;
  /** Open addressing: places by hash. */
  private slots = new Uint32Array(SLOTS_MIN);
  private usedSlots = 0;
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** Bytes that are held. */
  get bytes(): number {
    return this.blocks.length * BLOCK_BYTES + this.slots.byteLength;
  }

  find(key: string): Place | undefined {
    const slot = this.slotOf(key, hashOf(key));
    return slot < 0 ? undefined : this.slots[slot];
  }

  /** The same for a name as it stands in a packet, in any case: no text is made of it. */
  findIn(packet: Buffer, start: number, end: number): Place | undefined {
    const hash = hashIn(packet, start, end);
    const { slots } = this;
    const mask = slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const place = slots[slot] ?? FREE;
      if (place === FREE) return undefined;
      if (place !== GONE && this.isIn(place, packet, start, end, hash)) return place;
    }
  }

  /** The number that was given with the name. */
  owner(place: Place): number {
    return this.block(place)[(place & BYTE_MASK) + OWNER_AT] ?? 0;
  }

  /** The name's counter. */
  children(place: Place): number {
    return this.block(place).readUInt32LE((place & BYTE_MASK) + CHILDREN_AT);
  }

  setChildren(place: Place, children: number): void {
    this.block(place).writeUInt32LE(children, (place & BYTE_MASK) + CHILDREN_AT);
  }

  /** The name's data are the bytes from `start` to `end` of `block`. Not to be changed, nor kept. */
  data(place: Place): { readonly block: Buffer; readonly start: number; readonly end: number } {
    const block = this.block(place);
    const at = place & BYTE_MASK;
    const start = at + HEAD_BYTES + (block[at + KEY_BYTES_AT] ?? 0);
    return { block, start, end: start + block.readUInt16LE(at + DATA_BYTES_AT) };
  }

  /**
   * Adds a name, or gives it other data; its counter stays.
   * @param data at most `DATA_BYTES_MAX` bytes, as a latin1 string
   * @param owner up to 255
   */
  set(key: string, data: string, owner: number): Place {
    assert(data.length <= DATA_BYTES_MAX, 'crowded names are kept elsewhere');
    const hash = hashOf(key);
    const slot = this.slotOf(key, hash);
    if (slot < 0) return this.insert(key, data, owner, hash);
    const place = this.slots[slot] ?? 0;
    const { block, start, end } = this.data(place);
    if (end - start === data.length) {
      block.write(data, start, 'latin1');
      return place;
    }
    const children = this.children(place);
    this.delete(key);
    const moved = this.insert(key, data, owner, hash);
    this.setChildren(moved, children);
    return moved;
  }

  delete(key: string): void {
    const slot = this.slotOf(key, hashOf(key));
    if (slot < 0) return;
    const place = this.slots[slot] ?? 0;
    this.liveBytes -= this.data(place).end - (place & BYTE_MASK);
    this.slots[slot] = GONE;
    this.count -= 1;
  }

  private insert(key: string, data: string, owner: number, hash: number): Place {
    // At most two of three slots are used, those of names that have gone included.
    if ((this.usedSlots + 1) * 3 > this.slots.length * 2) this.spreadSlots();
    const place = this.append(key, data, owner, hash);
    this.occupy(place, hash);
    this.count += 1;
    return place;
  }

  private occupy(place: Place, hash: number): void {
    const mask = this.slots.length - 1;
    let slot = hash & mask;
    while (this.slots[slot] !== FREE) slot = (slot + 1) & mask;
    this.slots[slot] = place;
    this.usedSlots += 1;
  }

  private slotOf(key: string, hash: number): number {
    const { slots } = this;
    const mask = slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const place = slots[slot] ?? FREE;
      if (place === FREE) return -1;
      if (place !== GONE && this.isAt(place, key, hash)) return slot;
    }
  }

  private isAt(place: Place, key: string, hash: number): boolean {
    const block = this.block(place);
    const at = place & BYTE_MASK;
    if (block[at + KEY_BYTES_AT] !== key.length || block.readUInt32LE(at + HASH_AT) !== hash) return false;
    const start = at + HEAD_BYTES;
    for (let index = 0; index < key.length; index += 1) {
      if (block[start + index] !== key.charCodeAt(index)) return false;
    }
    return true;
  }

  private isIn(place: Place, packet: Buffer, start: number, end: number, hash: number): boolean {
    const block = this.block(place);
    const at = place & BYTE_MASK;
    if (block[at + KEY_BYTES_AT] !== end - start || block.readUInt32LE(at + HASH_AT) !== hash) return false;
    const keyAt = at + HEAD_BYTES;
    for (let index = 0; index < end - start; index += 1) {
      if (block[keyAt + index] !== lower(packet[start + index] ?? 0)) return false;
    }
    return true;
  }

  private block(place: Place): Buffer {
    return this.blocks[place >>> BLOCK_BITS] ?? EMPTY;
  }

  private append(key: string, data: string, owner: number, hash: number): Place {
    const bytes = HEAD_BYTES + key.length + data.length;
    const isWasteful = this.blocks.length * BLOCK_BYTES > this.liveBytes * 1.5 + BLOCK_BYTES;
    if (this.end + bytes > BLOCK_BYTES && isWasteful) this.compact();
    const place = this.reserve(bytes);
    const block = this.block(place);
    const at = place & BYTE_MASK;
    block.writeUInt32LE(hash, at + HASH_AT);
    block.writeUInt32LE(0, at + CHILDREN_AT);
    block.writeUInt16LE(data.length, at + DATA_BYTES_AT);
    block[at + OWNER_AT] = owner;
    block[at + KEY_BYTES_AT] = key.length;
    block.write(key, at + HEAD_BYTES, 'latin1');
    block.write(data, at + HEAD_BYTES + key.length, 'latin1');
    return place;
  }

  private reserve(bytes: number): Place {
    if (this.end + bytes > BLOCK_BYTES) {
      this.blocks.push(Buffer.allocUnsafeSlow(BLOCK_BYTES));
      this.end = this.blocks.length === 1 ? 1 : 0;
    }
    const place = ((this.blocks.length - 1) << BLOCK_BITS) + this.end;
    this.end += bytes;
    this.liveBytes += bytes;
    return place;
  }

  /** New slots for the names that are there, enough for more. */
  private spreadSlots(): void {
    const before = this.slots;
    let length = SLOTS_MIN;
    while (length < this.count * 2.5) length *= 2;
    this.slots = new Uint32Array(length);
    this.usedSlots = 0;
    for (const place of before) {
      if (place === FREE || place === GONE) continue;
      this.occupy(place, this.block(place).readUInt32LE((place & BYTE_MASK) + HASH_AT));
    }
  }

  /** Writes everything that is still there into new blocks. */
  private compact(): void {
    const { blocks, slots } = this;
    this.blocks = [];
    this.end = BLOCK_BYTES;
    this.liveBytes = 0;
    for (const [slot, place] of slots.entries()) {
      const block = blocks[place >>> BLOCK_BITS];
      if (place === FREE || place === GONE || block === undefined) continue;
      const at = place & BYTE_MASK;
      const end = at + HEAD_BYTES + (block[at + KEY_BYTES_AT] ?? 0) + block.readUInt16LE(at + DATA_BYTES_AT);
      const moved = this.reserve(end - at);
      block.copy(this.block(moved), moved & BYTE_MASK, at, end);
      slots[slot] = moved;
    }
  }
}

const EMPTY = Buffer.alloc(0);

/** FNV-1a. */
const HASH_BEGIN = 0x811c9dc5;

function hashIn(packet: Buffer, start: number, end: number): number {
  let hash = HASH_BEGIN;
  for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ lower(packet[at] ?? 0), 0x01000193);
  return hash >>> 0;
}

function lower(byte: number): number {
  return byte >= 65 && byte <= 90 ? byte + 32 : byte;
}

function hashOf(key: string): number {
  let hash = HASH_BEGIN;
  for (let index = 0; index < key.length; index += 1) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}
