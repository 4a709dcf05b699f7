import { describe, expect, it } from 'vitest';
import { type Machine, type RealPart, installRealParts } from './real-parts.mjs';

const haproxy: RealPart = {
  name: 'haproxy',
  debianPackage: 'haproxy',
  provides: { command: 'haproxy' },
  neededBy: 'the edge',
};

function machine(changes: Partial<Machine>): { machine: Machine; calls: string[] } {
  const calls: string[] = [];
  const apt = (args: readonly string[]) => {
    calls.push(args.join(' '));
    return Promise.resolve(true);
  };
  return { machine: { isPresent: () => false, isRoot: true, hasApt: true, apt, ...changes }, calls };
}

describe('real parts', () => {
  it('leaves a machine alone that has them', async () => {
    const { machine: complete, calls } = machine({ isPresent: () => true });
    expect(await installRealParts([haproxy], complete)).toEqual([]);
    expect(calls).toEqual([]);
  });

  it('installs what is missing, after fetching the package lists', async () => {
    const installed = machine({});
    let present = false;
    const apt = (args: readonly string[]) => {
      installed.calls.push(args.join(' '));
      present = args[0] === 'install';
      return Promise.resolve(true);
    };
    expect(await installRealParts([haproxy], { ...installed.machine, apt, isPresent: () => present })).toEqual([]);
    expect(installed.calls).toEqual(['update', 'install --yes --no-install-recommends haproxy']);
  });

  it('tells an ordinary user the command', async () => {
    const { machine: unprivileged, calls } = machine({ isRoot: false });
    const [missing] = await installRealParts([haproxy], unprivileged);
    expect(missing?.reason).toMatch('sudo apt-get install haproxy');
    expect(calls).toEqual([]);
  });

  it('says so when the installation brought nothing, or there is no apt-get', async () => {
    expect(await installRealParts([haproxy], machine({}).machine)).toHaveLength(1);
    expect(await installRealParts([haproxy], machine({ hasApt: false }).machine)).toHaveLength(1);
  });
});
