import { silentLogger } from '@stadion/base';
import { VirtualTime } from '@stadion/base/testing';
import { describe, expect, it } from 'vitest';
import type { ContainerExit } from '../../core/container.ts';
import type { Containerizer, ContainerSpec } from '../../ports/containerizer.ts';
import { createFakeContainerizer, type FakeContainerizer } from '../fake/fake-containerizer.ts';
import { createComposedContainerizer } from './composed-containerizer.ts';

const time = new VirtualTime();

function fake(name: string): FakeContainerizer {
  return createFakeContainerizer({ clock: time, timers: time, containerizers: [name] });
}

/** Something that is configured and does not work here. */
function broken(name: string, problem: string): Containerizer {
  return {
    name,
    fingerprint: () => Promise.resolve({ containerizers: [], problem }),
    recover: () => Promise.reject(new Error('nothing to look with')),
    launch: () => Promise.reject(new Error('must not be asked')),
    kill: () => undefined,
    usage: () => Promise.reject(new Error('must not be asked')),
    remove: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

function spec(containerId: string, container?: ContainerSpec['container']): ContainerSpec {
  const command = { kind: 'shell' as const, text: 'true' };
  return { containerId, command, environment: {}, directory: '/', ...(container === undefined ? {} : { container }) };
}

async function open(...containerizers: Containerizer[]) {
  const exits: string[] = [];
  const composed = createComposedContainerizer({ containerizers, log: silentLogger });
  const fingerprint = await composed.fingerprint();
  const recovered = await composed.recover((containerId: string, exit: ContainerExit) => {
    exits.push(`${containerId} ${exit.kind}`);
  });
  return { composed, fingerprint, recovered, exits };
}

describe('several containerizers as one', () => {
  it('sends each task to the one that suits it, and its kill after it', async () => {
    const linux = fake('linux');
    const docker = fake('docker');
    const { composed, exits } = await open(linux, docker);
    await composed.launch(spec('plain'));
    await composed.launch(spec('image', { type: 'DOCKER', docker: { image: 'nginx' } }));
    expect([...linux.running()]).toEqual(['plain']);
    expect([...docker.running()]).toEqual(['image']);
    composed.kill('image', 0);
    await time.advance(10);
    expect(exits).toEqual(['image signaled']);
    expect([...linux.running()]).toEqual(['plain']);
  });

  it('goes on without one that does not work, and says why', async () => {
    const posix = fake('posix');
    const { composed, fingerprint } = await open(broken('docker', 'dockerd does not answer'), posix);
    expect(fingerprint.containerizers).toEqual(['posix']);
    expect(fingerprint.problems).toEqual({ docker: 'dockerd does not answer' });
    expect((await composed.launch(spec('plain'))).ok).toBe(true);
    const refused = await composed.launch(spec('image', { type: 'DOCKER', docker: { image: 'nginx' } }));
    expect(refused).toMatchObject({
      ok: false,
      message: expect.stringContaining('dockerd does not answer') as unknown,
    });
    expect((await composed.usage()).has('plain')).toBe(true);
  });

  it('says that nothing works only when nothing does', async () => {
    const { fingerprint } = await open(broken('docker', 'no socket'), broken('linux', 'no runc'));
    expect(fingerprint.containerizers).toEqual([]);
    expect(fingerprint.problem).toBe('docker: no socket; linux: no runc');
  });

  it('finds again whose a container is after a restart', async () => {
    const linux = fake('linux');
    const posix = fake('posix');
    const before = await open(posix, linux);
    await before.composed.launch(spec('one'));
    await before.composed.close();
    const after = await open(linux, posix);
    expect(after.recovered).toMatchObject([{ containerId: 'one', state: 'running' }]);
    after.composed.kill('one', 0);
    await time.advance(10);
    expect(after.exits).toEqual(['one signaled']);
    await after.composed.remove('one');
    expect(posix.runningCount).toBe(0);
  });
});
