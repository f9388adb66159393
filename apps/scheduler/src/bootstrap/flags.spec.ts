import { describe, expect, it } from '@jest/globals';
import { readCommandLine, readLogLevel } from './flags.js';

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

describe('BERTH_LOG', () => {
  it('is info where it is not set or empty', () => {
    expect([undefined, '', 'debug'].map(readLogLevel)).toEqual(['info', 'info', 'debug']);
  });

  it('is refused where it is no level', () => {
    expect(() => readLogLevel('loud')).toThrow('BERTH_LOG: must be one of trace, debug, info');
  });
});
