import type { ContainerInfo } from '@stadion/contract/mesos';
import { describe, expect, it } from 'vitest';
import { chooseContainerizer } from './containerizer-choice.ts';

const image: ContainerInfo = { type: 'MESOS', mesos: { image: { type: 'DOCKER', docker: { name: 'nginx' } } } };
const docker: ContainerInfo = { type: 'DOCKER', docker: { image: 'nginx' } };
const all = { names: ['linux', 'docker', 'posix'] };

describe('the choice of a containerizer', () => {
  it('follows what the task wants to run in', () => {
    expect(chooseContainerizer(docker, all)).toEqual({ ok: true, name: 'docker' });
    expect(chooseContainerizer(image, all)).toEqual({ ok: true, name: 'linux' });
    expect(chooseContainerizer({ type: 'MESOS' }, all)).toEqual({ ok: true, name: 'linux' });
    expect(chooseContainerizer(undefined, all)).toEqual({ ok: true, name: 'linux' });
  });

  it('gives a plain command the first that runs plain commands, which docker does not', () => {
    expect(chooseContainerizer(undefined, { names: ['posix', 'linux'] })).toEqual({ ok: true, name: 'posix' });
    expect(chooseContainerizer(undefined, { names: ['docker', 'posix'] })).toEqual({ ok: true, name: 'posix' });
    expect(chooseContainerizer(undefined, { names: ['docker'] }).ok).toBe(false);
  });

  it('never runs as a plain process what needs more, and says why it cannot be had', () => {
    const posix = { names: ['posix'], problems: { linux: 'runc is missing: apt-get install runc' } };
    const volumes = [{ mode: 'RW' as const, container_path: '/data', host_path: '/data' }];
    const network_infos = [{ name: 'mesos-bridge' }];
    for (const container of [image, { type: 'MESOS' as const, volumes }, { type: 'MESOS' as const, network_infos }]) {
      const choice = chooseContainerizer(container, posix);
      expect(choice.ok ? '' : choice.message).toContain('runc is missing');
    }
    const choice = chooseContainerizer(docker, posix);
    expect(choice).toMatchObject({ ok: false, message: expect.stringContaining('no docker containerizer') as unknown });
  });
});
