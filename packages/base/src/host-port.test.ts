import { expect, test } from 'vitest';
import { hostPort } from './host-port.ts';

test.each([
  ['10.0.0.1', '10.0.0.1:5050'],
  ['a.example', 'a.example:5050'],
  ['fd00::1', '[fd00::1]:5050'],
])('the address of a port at %s is %s', (host, text) => {
  expect(hostPort(host, 5050)).toBe(text);
  expect(new URL(`http://${text}`).port).toBe('5050');
});
