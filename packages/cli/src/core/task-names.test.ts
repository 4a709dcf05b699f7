import { describe, expect, it } from 'vitest';
import { sampleTask, sampleTaskId } from '../testing/samples.ts';
import { instanceLabel, matchTasks } from './task-names.ts';

describe('names of tasks', () => {
  it('are short for ids of instances, and whole for others', () => {
    expect(instanceLabel(sampleTaskId('shop_web', '7d2c0a1e'))).toBe('shop_web.7d2c0a1e');
    expect(instanceLabel('shop.7d2c0a1e-4bb1-11eb-8e53-0242ac110002')).toBe('shop.7d2c0a1e');
    expect(instanceLabel('job-17')).toBe('job-17');
  });

  it('match by id, by short name and by a beginning of four characters', () => {
    const tasks = [sampleTask('/a', '11110000'), sampleTask('/a', '11112222'), sampleTask('/b', '33330000')];
    const found = (written: string): string[] => matchTasks(tasks, written).map(({ id }) => instanceLabel(id));
    expect(found(tasks[0]!.id)).toEqual(['a.11110000']);
    expect(found('a.11112222')).toEqual(['a.11112222']);
    expect(found('1111')).toEqual(['a.11110000', 'a.11112222']);
    expect(found('3333')).toEqual(['b.33330000']);
    expect(found('333')).toEqual([]);
  });
});
