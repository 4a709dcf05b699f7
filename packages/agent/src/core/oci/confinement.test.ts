import type { ContainerInfo } from '@stadion/contract/mesos';
import { expect, it } from 'vitest';
import { confine, type ConfinementPolicy } from './confinement.ts';
import { CAPABILITIES_DEFAULT } from './runtime-spec.ts';

const POLICY: ConfinementPolicy = {
  capabilities: CAPABILITIES_DEFAULT,
  ownLimits: {},
  filesMax: 1024,
  shmBytes: 0,
};

function problemOf(share: boolean | undefined, pod?: { readonly info?: ContainerInfo }): string | undefined {
  const info = share === undefined ? {} : { share_cgroups: share };
  const confinement = confine({ type: 'MESOS', linux_info: info }, pod, POLICY);
  return 'problem' in confinement ? confinement.problem : undefined;
}

it('containers of a pod have limits of their own, and one that wants those of the pod is told so', () => {
  expect(problemOf(true, {})).toMatch(/^cgroups-refused: .* share_cgroups/);
  expect(problemOf(undefined, { info: { type: 'MESOS', linux_info: { share_cgroups: true } } })).toMatch(/^cgroups-/);
  expect(problemOf(false, {})).toBeUndefined();
  expect(problemOf(undefined, {})).toBeUndefined();
  expect(problemOf(true)).toBeUndefined();
});
