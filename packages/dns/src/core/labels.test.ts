import { describe, expect, test } from 'vitest';
import { domainFragment, rfc1123Label, rfc952Label } from './labels.ts';

describe('labels are those of Mesos-DNS', () => {
  test.each([
    ['Plain_App', 'plain-app'],
    ['9lives', '9lives'],
    ['__', ''],
    ['b.a', 'b-a'],
    ['my $app/über,x', 'myappberx'],
    ['-a-', 'a'],
    ['x'.repeat(70), 'x'.repeat(63)],
    // What the cut leaves of dashes goes, and the rest fills up.
    [`${'a'.repeat(62)}--bbbbb`, `${'a'.repeat(62)}b`],
    [`a${'-'.repeat(70)}bcd`, 'abcd'],
  ])('RFC 1123: %s is %s', (text, label) => {
    expect(rfc1123Label(text)).toBe(label);
  });

  test.each([
    ['9lives', 'lives'],
    ['-9-a', 'a'],
    ['y'.repeat(30), 'y'.repeat(24)],
  ])('RFC 952: %s is %s', (text, label) => {
    expect(rfc952Label(text)).toBe(label);
  });

  test('a framework keeps its dots, and loses what is empty', () => {
    expect(domainFragment('marathon-0.7.5', rfc1123Label)).toBe('marathon-0.7.5');
    expect(domainFragment('marathon-0.6.0-dev', rfc952Label)).toBe('marathon-0.dev');
    expect(domainFragment('..A..b..', rfc1123Label)).toBe('a.b');
  });
});
