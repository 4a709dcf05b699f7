/** Rules for `linuxInfo`: Marathon's for seccomp, setrlimit(2)'s for limits. */
import type { ContainerLinuxInfo } from '@stadion/contract/orchestrator-pods';
import type { Refuse } from './checked.ts';

/** @param path where it stands, e.g. `/container/linuxInfo` */
export function linuxRules(given: ContainerLinuxInfo | undefined, path: string, refuse: Refuse): void {
  if (given === undefined) return;
  const { seccomp, ipcInfo, capabilities, rlimits = [], tmpfs = [] } = given;
  const hasProfile = seccomp?.profileName !== undefined;
  refuse(
    seccomp !== undefined && hasProfile === (seccomp.unconfined === true),
    `${path}/seccomp`,
    'must have either a profileName or unconfined true',
  );
  refuse(
    ipcInfo?.mode === 'SHARE_PARENT' && ipcInfo.shmSize !== undefined,
    `${path}/ipcInfo/shmSize`,
    'is only possible with mode PRIVATE',
  );
  const bounding = capabilities?.bounding;
  refuse(
    bounding !== undefined && !(capabilities?.effective ?? []).every((name) => bounding.includes(name)),
    `${path}/capabilities/effective`,
    'must be among bounding',
  );
  const types = rlimits.map(({ type }) => type);
  refuse(new Set(types).size < types.length, `${path}/rlimits`, 'must name each type once');
  for (const [index, { soft, hard }] of rlimits.entries()) {
    const isHalf = (soft === undefined) !== (hard === undefined);
    const isAbove = soft !== undefined && hard !== undefined && soft > hard;
    refuse(
      isHalf || isAbove,
      `${path}/rlimits(${String(index)})`,
      'must have soft and hard with soft ≤ hard, or neither',
    );
  }
  const paths = tmpfs.map(({ containerPath }) => containerPath);
  refuse(new Set(paths).size < paths.length, `${path}/tmpfs`, 'must name each containerPath once');
}
