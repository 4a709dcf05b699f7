import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { GpuDevices } from './gpu-devices.ts';

it('a path that is no device is told by name, with what would be one, and is free again', async () => {
  const devices = new GpuDevices({ devices: [fileURLToPath(import.meta.url)], shared: [] });
  const told = { ok: false, message: expect.stringMatching(/gpu-devices\.test\.ts is no device: --gpu-devices takes/) };
  expect(await devices.take('a', 1)).toEqual(told);
  expect(await devices.take('b', 1)).toEqual(told);
});
