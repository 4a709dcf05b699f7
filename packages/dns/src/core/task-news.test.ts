import { describe, expect, test } from 'vitest';
import { TaskNews } from './task-news.ts';

const status = (taskStatus: string) => ({ eventType: 'status_update_event', taskId: 'one', taskStatus });
const serving = (isServing: boolean) => ({
  eventType: 'instance_serving_changed_event',
  taskId: 'one',
  serving: isServing,
});

describe('a task whose agent is out of reach', () => {
  test.each([true, false])('does not serve when it is back, until somebody says so (served before: %s)', (before) => {
    const news = new TaskNews();
    news.restart([['one', before]]);
    expect(news.read(status('TASK_UNREACHABLE')).ended).toBe('one');
    expect(news.read(status('TASK_RUNNING')).resync).toBe(true);
    // Something else happens: what is known of this one is told again.
    const other = { ...serving(true), taskId: 'other' };
    expect(news.read(other).serving?.get('one')).toBe(false);
    expect(news.read(serving(true)).serving?.get('one')).toBe(true);
  });

  test('is judged by its health where nobody says what serves', () => {
    const news = new TaskNews();
    news.restart([['one', undefined]]);
    news.read(status('TASK_UNREACHABLE'));
    expect(news.read({ ...serving(true), taskId: 'other' }).serving?.has('one')).toBe(false);
  });

  test('is forgotten once it is known to have ended', () => {
    const news = new TaskNews();
    news.restart([['one', true]]);
    news.read(status('TASK_UNREACHABLE'));
    news.read(status('TASK_KILLED'));
    expect(news.read({ ...serving(true), taskId: 'other' }).serving?.has('one')).toBe(false);
  });
});
