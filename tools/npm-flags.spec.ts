import { describe, expect, it } from '@jest/globals';
import { keptByNpm } from './npm-flags.mjs';

const START = { npm_lifecycle_event: 'start' };

describe('flags that npm kept for itself', () => {
  it.each([
    [{ npm_config_triton: 'true' }, ['127.0.0.1:8001'], '--triton 127.0.0.1:8001'],
    [{ npm_config_triton: '127.0.0.1:8001' }, [], '--triton 127.0.0.1:8001'],
    [{ npm_config_triton: 'true\n\ntrue' }, ['a:1', 'b:2'], '--triton a:1 --triton b:2'],
    [{ npm_config_config: 'true' }, ['berth.yaml'], '--config berth.yaml'],
  ])('are told as they have to be typed: %j %j', (kept, args, meant) => {
    const [flag] = Object.keys(kept).map((key) => key.replace('npm_config_', '--'));
    expect(keptByNpm({ ...START, ...kept }, args)).toBe(
      `berth: npm kept ${flag} for itself: write npm start -- ${meant}`,
    );
  });

  it('are none where they stand behind --, and where it is not npm start', () => {
    expect(keptByNpm({ ...START, npm_config_cache: '/c' }, ['--triton', 'a:1'])).toBeNull();
    expect(keptByNpm({ npm_config_triton: 'true' }, ['a:1'])).toBeNull();
  });
});
