import { describe, expect, it } from 'vitest';
import { lookAlikes, shapesIn } from './shapes.mjs';

function pairsIn(text: string): string[] {
  return lookAlikes(shapesIn('a.ts', text)).map(({ left, right }) => `${left.name} ~ ${right.name}`);
}

describe('duplicated shapes', () => {
  it('finds an interface that repeats a schema, in whatever order', () => {
    const text = `
      const Place = Type.Object({ id: T, host: T, region: T, zone: Type.Optional(T) });
      interface Spot { zone?: string; readonly region: string; host: string; id: string }`;
    expect(pairsIn(text)).toEqual(['Place ~ Spot']);
  });

  it('finds an object type inside another shape, and names where it is', () => {
    const text = `
      interface Place { id: string; host: string; region: string; zone: string }
      type Agent = { name: string; place: { id: string; host: string; region: string; zone: string } };`;
    expect(pairsIn(text)).toEqual(['Place ~ Agent.place']);
  });

  it('finds large shapes that differ in one member', () => {
    const text = `
      interface One { a: 1; b: 1; c: 1; d: 1; e: 1; f: 1 }
      interface Two { a: 1; b: 1; c: 1; d: 1; e: 1; f: 1; g: 1 }`;
    expect(pairsIn(text)).toEqual(['One ~ Two']);
  });

  it('lets small shapes be alike, and middle ones nearly so', () => {
    const text = `
      interface One { a: 1; b: 1; c: 1 }
      interface Two { a: 1; b: 1; c: 1 }
      interface Three { a: 1; b: 1; c: 1; d: 1; e: 1 }
      interface Four { a: 1; b: 1; c: 1; d: 1; e: 1; f: 1 }`;
    expect(pairsIn(text)).toEqual([]);
  });

  it('takes the variants of one union for one idea', () => {
    const text = `type Entry =
      | { type: 'added'; id: string; at: number; info: string }
      | { type: 'removed'; id: string; at: number; info: string };`;
    expect(pairsIn(text)).toEqual([]);
  });

  it('lets two classes be handed the same parts', () => {
    const text = `
      interface QueueParts { fleet: F; root: R; time: T; turn: U }
      interface WatchParts { fleet: F; root: R; time: T; turn: U }`;
    expect(pairsIn(text)).toEqual([]);
  });
});
