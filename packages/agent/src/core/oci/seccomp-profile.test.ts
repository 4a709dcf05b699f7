import { describe, expect, it } from 'vitest';
import { readSeccompProfile } from './seccomp-profile.ts';

const FACTS = { architecture: 'x64', kernel: '6.1.0-13-amd64', capabilities: ['CAP_CHOWN'] };
const rule = (names: readonly string[], more: object = {}) => ({ names, action: 'SCMP_ACT_ALLOW', ...more });
const namesIn = (syscalls: readonly object[], facts = FACTS) => {
  const profile = readSeccompProfile({ defaultAction: 'SCMP_ACT_ERRNO', syscalls }, facts);
  return 'problem' in profile ? profile.problem : profile.syscalls.flatMap(({ names }) => names);
};

describe('a seccomp profile in the format of Docker', () => {
  it('keeps the rules whose conditions hold for processor, kernel and capabilities', () => {
    const syscalls = [
      rule(['always']),
      rule(['able'], { includes: { caps: ['CAP_CHOWN'] } }),
      rule(['unable'], { includes: { caps: ['CAP_SYS_ADMIN'] } }),
      rule(['unless-able'], { excludes: { caps: ['CAP_CHOWN'] } }),
      rule(['here'], { includes: { arches: ['amd64', 'x32'] } }),
      rule(['elsewhere'], { includes: { arches: ['s390x'] } }),
      rule(['new'], { includes: { minKernel: '4.8' } }),
      rule(['newer'], { includes: { minKernel: '6.10' } }),
    ];
    expect(namesIn(syscalls)).toEqual(['always', 'able', 'here', 'new']);
    expect(namesIn(syscalls, { ...FACTS, capabilities: [], kernel: '4.7' })).toEqual(['always', 'unless-able', 'here']);
  });

  it('names the architectures of this processor, and leaves null members out', () => {
    const archMap = [
      { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] },
      { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] },
    ];
    const syscalls = [{ name: 'read', names: null, action: 'SCMP_ACT_ALLOW', args: null, includes: {}, excludes: {} }];
    expect(
      readSeccompProfile({ defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: 1, archMap, syscalls }, FACTS),
    ).toEqual({
      defaultAction: 'SCMP_ACT_ERRNO',
      defaultErrnoRet: 1,
      architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'],
      syscalls: [{ names: ['read'], action: 'SCMP_ACT_ALLOW' }],
    });
  });

  it('is refused with what is wrong with it', () => {
    expect(readSeccompProfile({ syscalls: 7 }, FACTS)).toMatchObject({
      problem: expect.stringContaining('is no seccomp') as unknown,
    });
  });
});
