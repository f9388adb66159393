import { describe, expect, it } from '@jest/globals';
import { BadOption, readOptions, readVariables } from './sim-options.js';

describe('the options of npm run sim', () => {
  it('have a meaning where they are left out', () => {
    expect(readOptions([])).toMatchObject({ seeds: 100, from: 1, hours: 1, plan: undefined });
  });

  it('are taken as they are said', () => {
    const said = ['--seeds', '7', '--hours', '0.25', '--from=40', '--jobs', '3'];
    expect(readOptions(said)).toEqual({ seeds: 7, hours: 0.25, from: 40, jobs: 3, plan: undefined });
  });

  it.each([
    [['--seeds', 'many'], "--seeds is a whole number from 1 to 1000000, not 'many'"],
    [['--seeds', '0'], "--seeds is a whole number from 1 to 1000000, not '0'"],
    [['--seeds', '1.5'], "--seeds is a whole number from 1 to 1000000, not '1.5'"],
    [['--from=-1'], "--from is a whole number from 0 to 4000000000, not '-1'"],
    [['--hours', '0'], "--hours is a number over 0, up to 24, not '0'"],
    [['--hours', '25'], "--hours is a number over 0, up to 24, not '25'"],
    [['--jobs', ''], "--jobs is a whole number from 1 to 256, not ''"],
    [['--plan', 'a.json', '--seeds', '3'], '--seeds says nothing beside --plan'],
  ])('are refused by their name: %j', (said, message) => {
    expect(() => readOptions(said)).toThrow(new BadOption(message));
  });

  it.each([[['--speed', '3']], [['100']], [['--seeds']]])(
    'are refused where they are not known: %j',
    (said) => {
      expect(() => readOptions(said)).toThrow(BadOption);
    },
  );
});

describe('the variables of the specs', () => {
  it('have a meaning where they are left out', () => {
    const { seeds, hours, isChosen } = readVariables({});
    expect([seeds.length, seeds[0], hours, isChosen]).toEqual([10, 1, 0.0625, false]);
  });

  it('choose one seed, or some', () => {
    expect(readVariables({ SEED: '17', HOURS: '0.5' })).toEqual({ seeds: [17], hours: 0.5, isChosen: true });
    expect(readVariables({ SEEDS: '2', FIRST: '40' })).toMatchObject({ seeds: [40, 41], isChosen: false });
  });

  it.each([
    [{ SEEDS: '0' }, "SEEDS is a whole number from 1 to 1000000, not '0'"],
    [{ FIRST: 'x' }, "FIRST is a whole number from 0 to 4000000000, not 'x'"],
    [{ SEED: '' }, "SEED is a whole number from 0 to 4001000000, not ''"],
    [{ SEED: '4294967297' }, "SEED is a whole number from 0 to 4001000000, not '4294967297'"],
    [{ HOURS: '-1' }, "HOURS is a number over 0, up to 24, not '-1'"],
  ])('are refused by their name: %j', (env, message) => {
    expect(() => readVariables(env)).toThrow(new BadOption(message));
  });
});
