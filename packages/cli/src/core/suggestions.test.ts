import { describe, expect, it } from 'vitest';
import { didYouMean, suggest } from './suggestions.ts';

describe('suggestions', () => {
  it('are names a few slips away, nearest first, and names that contain what was written', () => {
    expect(suggest('/staging', ['/stagings2', '/stging', '/other'])).toEqual(['/stagings2', '/stging']);
    expect(suggest('web', ['/shop/web', '/shop/api'])).toEqual(['/shop/web']);
    expect(suggest('DEMO', ['/demo'])).toEqual(['/demo']);
  });

  it('are at most three, and none when nothing is near', () => {
    expect(suggest('/app', ['/app1', '/app2', '/app3', '/app4'])).toHaveLength(3);
    expect(didYouMean('/billing', ['/shop', '/demo'])).toBe('');
    expect(didYouMean('/a1', ['/a2', '/a3'])).toBe('Did you mean /a2 or /a3?');
  });
});
