import { describe, expect, it } from '@jest/globals';
import { readCommandLine } from './flags.js';

describe('the command line', () => {
  it('says nothing where it is empty', () => {
    expect(readCommandLine([])).toMatchObject({ flags: { triton: [] }, help: false });
  });

  it('takes several servers', () => {
    const { flags, configPath } = readCommandLine([
      '--triton',
      'a:1',
      '--triton',
      'b:2',
      '--config',
      'x.yaml',
    ]);
    expect([flags.triton, configPath]).toEqual([['a:1', 'b:2'], 'x.yaml']);
  });

  it.each([['--trition', 'a:1'], ['a:1'], ['--http']])('refuses %s', (...args) => {
    expect(() => readCommandLine(args)).toThrow();
  });
});
