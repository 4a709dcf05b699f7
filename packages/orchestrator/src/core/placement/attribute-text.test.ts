import { describe, expect, it } from 'vitest';
import { attributeText, scalarText } from './attribute-text.ts';

describe('scalarText', () => {
  it.each([
    [8, '8'],
    [10, '10'],
    [100, '100'],
    [0, '0'],
    [0.5, '0.5'],
    [1.25, '1.25'],
    [0.1234, '0.123'],
    [0.1236, '0.124'],
    [0.0004, '0'],
    [-1.5, '-1.5'],
    [-0.0001, '0'],
  ])('writes %d as %s', (value, text) => {
    expect(scalarText(value)).toBe(text);
  });

  it.each([
    [0.0625, '0.062'],
    [0.1875, '0.188'],
    [2.3125, '2.312'],
    [-0.0625, '-0.062'],
  ])('rounds the tie %d to the even digit: %s', (value, text) => {
    expect(scalarText(value)).toBe(text);
  });
});

describe('attributeText', () => {
  it('writes ranges, sets and texts as Marathon does', () => {
    const range = [
      { begin: 1, end: 5 },
      { begin: 7, end: 9 },
    ];
    expect(attributeText({ name: 'a', type: 'RANGES', ranges: { range } })).toBe('[1-5,7-9]');
    expect(attributeText({ name: 'a', type: 'SET', set: { item: ['b', 'a'] } })).toBe('{a,b}');
    expect(attributeText({ name: 'a', type: 'TEXT', text: { value: ' x ' } })).toBe(' x ');
    expect(attributeText({ name: 'a', type: 'SCALAR', scalar: { value: 1.5 } })).toBe('1.5');
  });

  it('has no text for an attribute without the value of its type', () => {
    expect(attributeText({ name: 'a', type: 'TEXT' })).toBeUndefined();
    expect(attributeText({ name: 'a', type: 'RANGES' })).toBeUndefined();
  });
});
