import { expect, it } from 'vitest';
import { inheritedSockets } from './inherited-sockets.ts';

const names = ['http', 'https'];
const sockets = (env: Record<string, string>) => Object.fromEntries(inheritedSockets(env, 7, names));

it('goes by the names of the sockets, and by their order where these say nothing', () => {
  expect(sockets({ LISTEN_PID: '7', LISTEN_FDS: '2', LISTEN_FDNAMES: 'https:http' })).toEqual({ https: 3, http: 4 });
  expect(sockets({ LISTEN_PID: '7', LISTEN_FDS: '2' })).toEqual({ http: 3, https: 4 });
  const unit = 'stadion-edge.socket';
  expect(sockets({ LISTEN_PID: '7', LISTEN_FDS: '2', LISTEN_FDNAMES: `${unit}:${unit}` })).toEqual({
    http: 3,
    https: 4,
  });
  expect(sockets({ LISTEN_PID: '7', LISTEN_FDS: '2', LISTEN_FDNAMES: 'x:http' })).toEqual({ https: 3, http: 4 });
  expect(sockets({ LISTEN_PID: '7', LISTEN_FDS: '1' })).toEqual({ http: 3 });
});

it('leaves alone what is meant for another process', () => {
  expect(sockets({ LISTEN_PID: '8', LISTEN_FDS: '2' })).toEqual({});
  expect(sockets({ LISTEN_FDS: '2' })).toEqual({});
  expect(sockets({ LISTEN_PID: '7', LISTEN_FDS: 'many' })).toEqual({});
});
