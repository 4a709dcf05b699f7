import { describe, expect, test } from 'vitest';
import { heldBack, isOpen } from './deploy-policy.ts';

/** A Thursday. */
const at = (time: string, day = 1): number => Date.parse(`2026-01-0${String(day)}T${time}:00Z`);

describe('a deploy window', () => {
  const office = { days: [4], from: '09:00', to: '17:00' };
  const night = { days: [4], from: '22:00', to: '02:00' };
  const wholeDay = { days: [4], from: '00:00', to: '24:00' };

  test.each([
    [office, at('08:59'), false],
    [office, at('09:00'), true],
    [office, at('16:59'), true],
    [office, at('17:00'), false],
    [office, at('10:00', 2), false],
    [night, at('21:59'), false],
    [night, at('23:00'), true],
    [night, at('01:59', 2), true],
    [night, at('02:00', 2), false],
    [night, at('01:00'), false],
    [wholeDay, at('00:00'), true],
    [wholeDay, at('23:59'), true],
    [wholeDay, at('00:00', 2), false],
  ])('%j at %d: %s', (window, now, open) => {
    expect(isOpen(window, now)).toBe(open);
  });

  test('holds back outside of all windows, and says when it would not', () => {
    const policy = { windows: [office, night] };
    expect(heldBack('/shop', policy, at('10:00'))).toBeUndefined();
    expect(heldBack('/shop', policy, at('23:00'))).toBeUndefined();
    expect(heldBack('/shop', policy, at('18:00'))).toBe(
      'Group /shop may only be deployed to on days 4 from 09:00 to 17:00 UTC; days 4 from 22:00 to 02:00 UTC',
    );
  });

  test('does not open a lock', () => {
    expect(heldBack('/', { lock: { reason: 'x' }, windows: [wholeDay] }, at('10:00'))).toBe('Group / is locked: x');
  });
});
