import { expect, test } from 'vitest';
import { distanceOf, wordsOf } from './closeness.ts';

test('the nearest name is the one that begins with what was typed, then where it begins a word, then anywhere', () => {
  const labels = ['/shop/my-web', '/webshop', '/spiderweb', '/web'];
  const near = (typed: string): string[] =>
    labels
      .map((label) => ({ label, distance: distanceOf(label, wordsOf(typed)) ?? Infinity }))
      .filter(({ distance }) => distance < Infinity)
      .sort((one, other) => one.distance - other.distance)
      .map(({ label }) => label);
  expect(near('WEB')).toEqual(['/web', '/webshop', '/shop/my-web', '/spiderweb']);
  expect(near('web shop')).toEqual(['/shop/my-web', '/webshop']);
  expect(near('nothing')).toEqual([]);
});
