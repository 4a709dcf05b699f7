import { describe, expect, it } from 'vitest';
import { LINES_MAX, LINES_MAX_HARD, fileSizeProblems } from './file-size.mjs';
import { manifestProblems } from './manifests.mjs';
import { ENTRY_NAMES_MAX, roomProblems } from './room-shape.mjs';
import { wordingProblems } from './wording.mjs';

const COMMENT = '/** Says what it is for. */\n';

function linesOf(count: number, comment = COMMENT): string {
  return comment + 'x;\n'.repeat(count - 1);
}

describe('file sizes', () => {
  it('accepts a file at the limit and refuses one line more', () => {
    expect(fileSizeProblems([{ path: 'a.ts', text: linesOf(LINES_MAX) }])).toEqual([]);
    expect(fileSizeProblems([{ path: 'a.ts', text: linesOf(LINES_MAX + 1) }])).toHaveLength(1);
  });

  it('accepts a longer file that says why, up to the hard limit', () => {
    const comment = '/** One table. Long because the table is. */\n';
    expect(fileSizeProblems([{ path: 'a.ts', text: linesOf(LINES_MAX_HARD, comment) }])).toEqual([]);
    expect(fileSizeProblems([{ path: 'a.ts', text: linesOf(LINES_MAX_HARD + 1, comment) }])).toHaveLength(1);
  });

  it('lets a listed file shrink but not grow, and wants it off the list in the end', () => {
    const listed = { 'a.ts': 500 };
    expect(fileSizeProblems([{ path: 'a.ts', text: linesOf(500) }], listed)).toEqual([]);
    expect(fileSizeProblems([{ path: 'a.ts', text: linesOf(501) }], listed)[0]).toMatch('must not grow');
    expect(fileSizeProblems([{ path: 'a.ts', text: linesOf(300) }], listed)[0]).toMatch('remove it from');
    expect(fileSizeProblems([], listed)[0]).toMatch('is gone');
  });
});

describe('wording', () => {
  it.each([
    ['packages/base/src/utils.ts', COMMENT, 'drawer'],
    ['packages/base/src/helpers/dates.ts', COMMENT, 'drawer'],
    ['packages/base/src/dates.ts', 'export {};\n', 'what it is for'],
    ['packages/base/src/dates.ts', `${COMMENT}// TODO: leap years\n`, 'leaves work'],
    ['README.md', 'See /home/ada/notes\n', 'one person’s machine'],
    ['packages/base/src/dates.ts', '/** As in section 3.4 of the reference. */\n', 'does not have'],
    ['packages/base/src/dates.ts', `${COMMENT}// @ts-ignore\n`, 'silences'],
    ['packages/base/src/dates.ts', `${COMMENT}// ox` + 'lint-disable-next-line\n', 'silences'],
    ['packages/base/src/dates.test.ts', "it.only('counts', () => {});\n", 'remove .only'],
    ['packages/base/src/dates.test.ts', '\ndescribe.sk' + "ip('counts', () => {});\n", 'without saying why'],
  ])('refuses %s with %j', (path, text, reason) => {
    expect(wordingProblems([{ path, text }])).toEqual([expect.stringContaining(reason)]);
  });

  it('accepts a test that is left out for a reason', () => {
    const text = '// Needs a kernel that this suite cannot bring.\ndescribe.sk' + "ip('counts', () => {});\n";
    expect(wordingProblems([{ path: 'a.test.ts', text }])).toEqual([]);
  });

  it('accepts paths that only resemble those of a person', () => {
    expect(wordingProblems([{ path: 'docs/sandbox.md', text: '`<data>/home/slaves/…` and $HOME/dir\n' }])).toEqual([]);
  });
});

describe('room shape', () => {
  const readme = { path: 'packages/base/README.md', text: '# base\n' };

  it('wants a README in every room', () => {
    const source = { path: 'packages/base/src/index.ts', text: '' };
    expect(roomProblems([source, readme])).toEqual([]);
    expect(roomProblems([source])).toEqual([expect.stringContaining('README.md is missing')]);
  });

  it('counts the names of an entry point', () => {
    const names = Array.from({ length: ENTRY_NAMES_MAX + 1 }, (_, index) => `name${index}`);
    const entry = (count: number) => ({
      path: 'packages/base/src/index.ts',
      text: `export { ${names.slice(0, count).join(', ')} } from './x.ts';\n`,
    });
    expect(roomProblems([readme, entry(ENTRY_NAMES_MAX)])).toEqual([]);
    expect(roomProblems([readme, entry(ENTRY_NAMES_MAX + 1)])).toEqual([expect.stringContaining('31 names')]);
  });
});

describe('manifests', () => {
  const importing = "import { Store } from '@stadion/store';\n";

  function project(parts: { dependencies?: object; devDependencies?: object; references?: object[]; files?: object }) {
    const { dependencies, devDependencies, references = [], files = { 'src/a.ts': importing } } = parts;
    return [
      { path: 'tsconfig.json', text: JSON.stringify({ references: [{ path: 'packages/master' }] }) },
      { path: 'packages/master/package.json', text: JSON.stringify({ dependencies, devDependencies }) },
      { path: 'packages/master/tsconfig.json', text: JSON.stringify({ references }) },
      ...Object.entries(files).map(([name, text]) => ({ path: `packages/master/${name}`, text: String(text) })),
    ];
  }
  const dependencies = { '@stadion/store': '*' };
  const references = [{ path: '../store' }];

  it('accepts lists that agree', () => {
    expect(manifestProblems(project({ dependencies, references }))).toEqual([]);
  });

  it('misses a dependency and a reference', () => {
    expect(manifestProblems(project({ references })).join()).toMatch('is imported: add it to "dependencies"');
    expect(manifestProblems(project({ dependencies })).join()).toMatch('add it to "references"');
  });

  it('lets tests alone need a devDependency', () => {
    const files = { 'src/a.test.ts': importing };
    expect(manifestProblems(project({ devDependencies: dependencies, references, files }))).toEqual([]);
  });

  it('lets a start script need a dependency without a reference', () => {
    const files = { 'bin/master.js': "await import('@stadion/store');\n" };
    expect(manifestProblems(project({ dependencies, files }))).toEqual([]);
  });

  it('notices what nobody imports', () => {
    const problems = manifestProblems(project({ dependencies, references, files: {} }));
    expect(problems).toEqual([
      expect.stringContaining('remove the dependency'),
      expect.stringContaining('remove the reference'),
    ]);
  });

  it('wants exact versions of other people’s packages', () => {
    const problems = manifestProblems(project({ dependencies: { ...dependencies, fastify: '^5.0.0' }, references }));
    expect(problems).toEqual([expect.stringContaining('fastify "^5.0.0"')]);
  });

  it('refuses a room that is not on the map', () => {
    const problems = manifestProblems([{ path: 'packages/attic/package.json', text: '{}' }]);
    expect(problems.join()).toMatch('not on the map');
    expect(problems.join()).toMatch('nothing builds it');
  });
});
