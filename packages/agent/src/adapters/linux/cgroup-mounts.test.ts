import { describe, expect, it } from 'vitest';
import { parseCgroupMounts } from './cgroup-mounts.ts';

const LINE = (point: string, type: string, options: string) =>
  `30 20 0:25 / ${point} rw,relatime shared:9 - ${type} ${type} ${options}`;

const V1 = [
  LINE('/sys/fs/cgroup/cpu,cpuacct', 'cgroup', 'rw,cpu,cpuacct'),
  LINE('/sys/fs/cgroup/memory', 'cgroup', 'rw,memory'),
  LINE('/sys/fs/cgroup/pids', 'cgroup', 'rw,pids'),
  LINE('/sys/fs/cgroup/devices', 'cgroup', 'rw,devices'),
];
const UNIFIED = LINE('/sys/fs/cgroup/unified', 'cgroup2', 'rw,nsdelegate');

describe('where control groups are', () => {
  it('takes version 1 when its controllers are there, beside an empty unified hierarchy too', () => {
    const mounts = parseCgroupMounts([...V1, UNIFIED].join('\n'));
    expect(mounts?.version).toBe(1);
    expect(mounts?.controllers.get('cpuacct')).toBe('/sys/fs/cgroup/cpu,cpuacct');
    expect(mounts?.all).toContain('/sys/fs/cgroup/unified');
    expect(mounts?.all).toHaveLength(5);
  });

  it('takes version 2 when nothing else is there', () => {
    const mounts = parseCgroupMounts(LINE('/sys/fs/cgroup', 'cgroup2', 'rw'));
    expect(mounts).toMatchObject({ version: 2, all: ['/sys/fs/cgroup'] });
    expect(mounts?.controllers.get('pids')).toBe('/sys/fs/cgroup');
  });

  it('finds nothing where controllers are missing', () => {
    expect(parseCgroupMounts('')).toBeUndefined();
    expect(parseCgroupMounts([...V1.slice(1), UNIFIED].join('\n'))).toBeUndefined();
  });

  it('reads paths with spaces', () => {
    const mounts = parseCgroupMounts(LINE('/a\\040b', 'cgroup2', 'rw'));
    expect(mounts?.all).toEqual(['/a b']);
  });
});
