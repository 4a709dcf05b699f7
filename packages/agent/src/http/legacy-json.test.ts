import { expect, it } from 'vitest';
import type { Resource } from '@stadion/contract/mesos';
import { legacyResources } from './legacy-json.ts';

function ports(...range: readonly (readonly [number, number])[]): Resource {
  return { name: 'ports', type: 'RANGES', ranges: { range: range.map(([begin, end]) => ({ begin, end })) } };
}

it('tells what several hold together: numbers added up, ranges and sets joined', () => {
  const words = (...item: string[]): Resource => ({ name: 'words', type: 'SET', set: { item } });
  const cpus: Resource = { name: 'cpus', type: 'SCALAR', scalar: { value: 0.1 } };
  expect(
    legacyResources([cpus, ports([31_005, 31_005]), words('a'), cpus, ports([31_001, 31_002]), words('b', 'a')]),
  ).toEqual({ cpus: 0.2, gpus: 0, mem: 0, disk: 0, ports: '[31001-31002, 31005-31005]', words: '{a, b}' });
});

it('tells ports that stand side by side as one range', () => {
  expect(legacyResources([ports([3, 4]), ports([1, 2], [7, 9]), ports([8, 8])])).toMatchObject({ ports: '[1-4, 7-9]' });
});
