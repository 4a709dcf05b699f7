/** What every containerizer that runs commands inside its containers must do. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Containerizer, ContainerSpec, ExecRequest, ExecSession } from '../ports/containerizer.ts';
import type { ConformanceSubject } from './containerizer-conformance.ts';

/** Runs the suite. */
export function describeExec(name: string, makeSubject: () => ConformanceSubject): void {
  describe(`commands inside containers of ${name}`, () => {
    let subject: ConformanceSubject;
    let containerizer: Containerizer;
    let spec: ContainerSpec;

    beforeEach(async () => {
      subject = makeSubject();
      containerizer = await subject.create();
      await containerizer.recover(() => undefined);
      spec = await subject.spec('runs');
      await containerizer.launch(spec);
    });

    afterEach(async () => {
      await containerizer.close();
      await subject.destroy();
    });

    async function exec(text: string, more: Partial<ExecRequest> = {}): Promise<ExecSession> {
      const environment = { PATH: '/usr/local/bin:/usr/bin:/bin', ...more.environment };
      const outcome = await containerizer.exec?.(spec.containerId, {
        argv: ['/bin/sh', '-c', text],
        ...more,
        environment,
      });
      if (outcome?.ok !== true) throw new Error(outcome?.message ?? 'it cannot');
      return outcome.session;
    }

    it('get input, and give output and their exit status', async () => {
      const session = await exec('read line; echo "got $line $WORD"; echo oops >&2; exit 7', {
        environment: { WORD: 'here' },
      });
      session.stdin.write('it\n');
      const [out, err] = await Promise.all([textOf(session.stdout), textOf(session.stderr)]);
      expect({ out, err, exit: await session.exit }).toEqual({
        out: 'got it here\n',
        err: 'oops\n',
        exit: { kind: 'exited', code: 7 },
      });
    });

    it('see the end of their input', async () => {
      const session = await exec('wc -c');
      session.stdin.end('a'.repeat(300_000));
      expect((await textOf(session.stdout)).trim()).toBe('300000');
    });

    it('have a terminal of the size that was asked for, and follow its changes', async () => {
      // Docker sets the size a moment after the start.
      const until = (size: string): string => `until [ "$(stty size)" = "${size}" ]; do sleep 0.02; done`;
      const text = `${until('10 20')}; echo first; ${until('33 99')}; tty >/dev/null && echo terminal`;
      const session = await exec(text, { terminal: { rows: 10, columns: 20 } });
      let seen = '';
      session.stdout.on('data', (chunk: Buffer) => (seen += chunk.toString()));
      await subject.until(() => seen.includes('first'));
      session.resize({ rows: 33, columns: 99 });
      expect(await session.exit).toEqual({ kind: 'exited', code: 0 });
      await subject.until(() => seen.endsWith('terminal\r\n'));
    });

    it('have the last of the sizes that they are given before they have begun', async () => {
      const text = 'until [ "$(stty size)" = "33 99" ]; do sleep 0.02; done; stty size';
      const session = await exec(text, { terminal: { rows: 10, columns: 20 } });
      for (const rows of [31, 32, 33]) session.resize({ rows, columns: 99 });
      expect(await textOf(session.stdout)).toMatch(/33 99\r\n$/);
    });

    it('end with all they started when they are killed', async () => {
      const session = await exec('sleep 7331 & echo started; sleep 7331; wait');
      let seen = '';
      session.stdout.on('data', (chunk: Buffer) => (seen += chunk.toString()));
      await subject.until(() => seen.includes('started'));
      session.kill();
      await session.exit;
      const left = await exec('ps 2>/dev/null | grep -c "[s]leep 7331"; true');
      expect(Number(await textOf(left.stdout))).toBe(0);
    });

    it('are refused where nothing runs', async () => {
      const outcome = await containerizer.exec?.('unknown', { argv: ['true'], environment: {} });
      expect(outcome).toMatchObject({ ok: false });
    });
  });
}

async function textOf(stream: AsyncIterable<unknown>): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}
