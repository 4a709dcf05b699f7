import { describe, expect, it } from 'vitest';
import { linuxRules } from '../app/validate-linux.ts';
import { linuxParts } from './linux-info.ts';

describe('linuxInfo', () => {
  it("goes to the task in Mesos's words", () => {
    const parts = linuxParts({
      seccomp: { profileName: 'strict' },
      sharePidNamespace: true,
      ipcInfo: { mode: 'PRIVATE', shmSize: 32 },
      capabilities: { effective: ['CAP_NET_RAW', 'KILL'] },
      rlimits: [{ type: 'RLMT_NOFILE', soft: 1, hard: 2 }],
      readOnlyRoot: true,
      stopSignal: 'SIGINT',
      tmpfs: [{ containerPath: '/run', sizeMiB: 4 }],
    });
    expect(parts).toEqual({
      linux_info: {
        seccomp: { profile_name: 'strict' },
        share_pid_namespace: true,
        ipc_mode: 'PRIVATE',
        shm_size: 32,
        effective_capabilities: { capabilities: ['NET_RAW', 'KILL'] },
        read_only_root: true,
        stop_signal: 'SIGINT',
        tmpfs: [{ container_path: '/run', size_mebibytes: 4 }],
      },
      rlimit_info: { rlimits: [{ type: 'RLMT_NOFILE', soft: 1, hard: 2 }] },
    });
    expect(linuxParts(undefined)).toEqual({});
  });

  it('is refused where it contradicts itself', () => {
    const paths: string[] = [];
    const refuse = (isWrong: boolean, path: string) => {
      if (isWrong) paths.push(path);
    };
    linuxRules(
      {
        seccomp: { profileName: 'strict', unconfined: true },
        ipcInfo: { mode: 'SHARE_PARENT', shmSize: 1 },
        capabilities: { bounding: ['KILL'], effective: ['CHOWN'] },
        rlimits: [
          { type: 'RLMT_CORE', soft: 2, hard: 1 },
          { type: 'RLMT_CORE', soft: 1 },
        ],
        tmpfs: [{ containerPath: '/a' }, { containerPath: '/a' }],
      },
      '/linuxInfo',
      refuse,
    );
    expect(paths.map((path) => path.replace('/linuxInfo/', ''))).toEqual([
      'seccomp',
      'ipcInfo/shmSize',
      'capabilities/effective',
      'rlimits',
      'rlimits(0)',
      'rlimits(1)',
      'tmpfs',
    ]);
  });
});
