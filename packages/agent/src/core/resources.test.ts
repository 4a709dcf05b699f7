import { describe, expect, it } from 'vitest';
import { detectResources, overrideResources, parseAttributes, parseResources } from './resources.ts';

const GIB = 1024 ** 3;

describe('resources from the flag', () => {
  it('are read as Mesos writes them', () => {
    expect(
      parseResources('cpus:24; mem:24576;\ndisk:409600.5;ports:[21000-24000,30000-34000];bugs(prod):{a,b}'),
    ).toEqual({
      ok: true,
      value: [
        { name: 'cpus', type: 'SCALAR', scalar: { value: 24 } },
        { name: 'mem', type: 'SCALAR', scalar: { value: 24576 } },
        { name: 'disk', type: 'SCALAR', scalar: { value: 409600.5 } },
        {
          name: 'ports',
          type: 'RANGES',
          ranges: {
            range: [
              { begin: 21000, end: 24000 },
              { begin: 30000, end: 34000 },
            ],
          },
        },
        { name: 'bugs', type: 'SET', set: { item: ['a', 'b'] }, role: 'prod' },
      ],
    });
  });

  it.each(['cpus', 'cpus:', 'cpus:-1', 'cpus:many', ':4', 'ports:[9-1]', 'ports:[1-70000]', 'ports:[1]', 'ports:[1-2'])(
    'are refused with a sentence when they read "%s"',
    (text) => {
      const parsed = parseResources(text);
      expect(parsed.ok ? undefined : parsed.problem).toContain('"');
    },
  );

  it.each(['cpus:1000000000000', 'mem:9007199255', '[{"name":"disk","type":"SCALAR","scalar":{"value":1e12}}]'])(
    'are refused when nobody could keep count of them: %s',
    (text) => {
      const parsed = parseResources(text);
      expect(parsed.ok ? undefined : parsed.problem).toContain('no more than 9007199254');
    },
  );

  it('may be as large as can be kept count of', () => {
    expect(parseResources('mem:9007199254').ok).toBe(true);
  });
});

describe('resources as JSON', () => {
  const disk = (source: object) => ({ name: 'disk', type: 'SCALAR', scalar: { value: 10 }, disk: { source } });
  const mount = disk({ type: 'MOUNT', mount: { root: '/mnt/a' } });
  const path = disk({ type: 'PATH', path: { root: '/srv/b' } });

  it('may name disks of their own, which are there beside the root disk', () => {
    const given = parseResources(JSON.stringify([{ name: 'cpus', type: 'SCALAR', scalar: { value: 2 } }, mount, path]));
    expect(given).toMatchObject({ ok: true, value: [{ name: 'cpus' }, mount, path] });
    const detected = detectResources({ cpus: 8, memoryBytes: 8 * GIB, diskBytes: 100 * GIB, gpuDevices: 0 });
    const result = overrideResources(detected, given.ok ? given.value : []);
    expect(result.filter(({ name }) => name === 'disk').map(({ disk: own }) => own?.source?.type)).toEqual([
      undefined,
      'MOUNT',
      'PATH',
    ]);
  });

  it.each([
    ['[', /none/],
    ['[{"name":"disk"}]', /type/],
    [JSON.stringify([disk({ type: 'MOUNT', mount: { root: 'mnt' } })]), /absolute path as its mount.root/],
    [JSON.stringify([disk({ type: 'PATH' })]), /absolute path as its path.root/],
    [JSON.stringify([mount, mount]), /same place/],
    [JSON.stringify([{ ...mount, scalar: { value: -1 } }]), /negative/],
    [JSON.stringify([{ ...mount, disk: { persistence: { id: 'v' } } }]), /made by frameworks/],
    ['[{"name":"ports","type":"RANGES","ranges":{"range":[{"begin":5,"end":1}]}}]', /65535/],
  ])('%s is refused with a sentence', (text, expected) => {
    const parsed = parseResources(text);
    expect(parsed.ok ? undefined : parsed.problem).toMatch(expected);
  });
});

describe('attributes from the flag', () => {
  it('are numbers, ranges, sets or texts', () => {
    expect(parseAttributes('rack:abc;zone:us-west:1;level:10;keys:[1000-1500];tags:{a,b}')).toEqual({
      ok: true,
      value: [
        { name: 'rack', type: 'TEXT', text: { value: 'abc' } },
        { name: 'zone', type: 'TEXT', text: { value: 'us-west:1' } },
        { name: 'level', type: 'SCALAR', scalar: { value: 10 } },
        { name: 'keys', type: 'RANGES', ranges: { range: [{ begin: 1000, end: 1500 }] } },
        { name: 'tags', type: 'SET', set: { item: ['a', 'b'] } },
      ],
    });
  });

  it('need a name', () => {
    expect(parseAttributes('abc')).toEqual({ ok: false, problem: '"abc": expected name:value' });
  });
});

describe('detected resources', () => {
  it('leave a reserve on a big machine and half on a small one', () => {
    const amounts = (memoryBytes: number, diskBytes: number): unknown[] =>
      detectResources({ cpus: 2, memoryBytes, diskBytes, gpuDevices: 0 }).map(
        (each) => each.scalar?.value ?? each.ranges?.range,
      );
    expect(amounts(8 * GIB, 100 * GIB)).toEqual([2, 7168, 95 * 1024, [{ begin: 31000, end: 32000 }], 0]);
    expect(amounts(2 * GIB, 8 * GIB)).toEqual([2, 1024, 4096, [{ begin: 31000, end: 32000 }], 0]);
  });

  it('give way to what was said', () => {
    const given = parseResources('cpus:1;ports:[1-2]');
    const detected = detectResources({ cpus: 8, memoryBytes: 8 * GIB, diskBytes: 100 * GIB, gpuDevices: 3 });
    const result = overrideResources(detected, given.ok ? given.value : []);
    expect(result.filter((each) => each.name === 'cpus')).toEqual([
      { name: 'cpus', type: 'SCALAR', scalar: { value: 1 } },
    ]);
    expect(result.map((each) => each.name).sort()).toEqual(['cpus', 'disk', 'gpus', 'mem', 'ports']);
  });
});
