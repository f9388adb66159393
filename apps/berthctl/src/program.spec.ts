import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { BERTH_VERSION } from '#contracts';
import { berthctl } from '../../../test/support/berthctl.js';

/** No process listens there: a command line that is right gets as far as this. */
const NOBODY = { BERTH_URL: 'http://127.0.0.1:1' };

describe('a command line that is wrong', () => {
  it.each([
    ['an unknown command', 'frobnicate', "unknown command 'frobnicate'"],
    ['an unknown thing to get', 'get gpus', "unknown command 'gpus'"],
    ['an unknown option', 'pin m --copees 2', "unknown option '--copees'"],
    ['a missing argument', 'pin', "missing required argument 'model'"],
    ['a missing server', 'drain', "missing required argument 'server'"],
    ['one argument too many', 'unpin a b', "too many arguments for 'unpin'"],
    ['an option without its value', 'resolve m --wait-ms', "option '--wait-ms <n>' argument missing"],
    ['a number that is none', 'resolve m --wait-ms soon', "'--wait-ms <n>' argument 'soon' is invalid"],
    ['a negative number', 'load m --wait-ms -1', "'--wait-ms <n>' argument '-1' is invalid"],
    ['a broken number', 'load m --wait-ms 1.5', "'--wait-ms <n>' argument '1.5' is invalid"],
    ['a number that is too large', 'drain s --deadline-ms 4294967296', 'a whole number from 0 to 4294967295'],
    ['no copies', 'pin m --copies 0', 'a whole number from 1'],
    ['a class that is none', 'resolve m --class high', 'Allowed choices are critical, default, sheddable'],
    ['a format that is none', 'get fleet -o yaml', 'Allowed choices are table, json'],
    ['a time that is none', 'pin m --until tomorrow', '--until must be a time like 2026-01-31T12:00:00Z'],
    ['a day that is none', 'pin m --until 2026-02-31T25:00:00Z', '--until must be a time'],
    ['a day that the month lacks', 'pin m --until 2027-02-31T00:00:00Z', '--until must be a time'],
    ['a filter beside a name', 'get models m --state ready', '--state narrows a list, and m is one model'],
    ['a label beside a name', 'get servers s --label a', '--label narrows a list, and s is one server'],
    ['a name that leads elsewhere', 'unload ..', "'..' must be a name"],
    ['a name with a slash', 'get models a/../b', "'a/../b' must be a name"],
    ['a URL that is none', 'get fleet --url nobody:port', '--url must be an address'],
    ['a file that is not there', 'replay nowhere.jsonl', 'nowhere.jsonl cannot be read'],
    ['a turn that is none', 'replay x --turn 0', 'a whole number from 1'],
    ['no command', '', 'Usage: berthctl'],
    ['nothing to get', 'get', 'Usage: berthctl get'],
  ])('is told of %s, and is status 2', async (_, line, words) => {
    const { status, out, err } = await berthctl(line.split(' ').filter(Boolean), NOBODY);
    expect([status, out]).toEqual([2, '']);
    expect(err).toContain(words);
  });

  it('shows what would be right', async () => {
    const { err } = await berthctl(['pin', '--copies', '2']);
    expect(err).toContain('usage: berthctl pin [options] <model>');
  });

  it('cannot steer the terminal by what it repeats', async () => {
    const { err } = await berthctl(['get', '\u001b[2J']);
    expect(err).toContain("unknown command '\\u001b[2J'");
  });
});

describe('a command line that is right', () => {
  it.each([
    'get models',
    'get model m',
    'get servers s',
    'get fleet',
    '-o json get models --state ready --label team=risk --label gpu',
    'resolve m --version 3 --wait-ms 0 --lease-ms 10 --class critical --avoid a --avoid b --affinity-key k',
    'pin m --copies 2 --until 2027-01-01T00:00:00+01:00',
    'unpin m',
    'load m --wait-ms 10',
    'unload m --force --timeout-ms 50',
    'drain s --deadline-ms 10',
    'undrain s -o json',
  ])('asks, and says where no server answers and what to do: %s', async (line) => {
    const { status, out, err } = await berthctl(line.split(' '), NOBODY);
    expect([status, out]).toEqual([1, '']);
    expect(err.split('\n')).toEqual([
      'berthctl: Berth does not answer at http://127.0.0.1:1: the connection is refused',
      '  Is Berth running there? Another address is given with --url or BERTH_URL.',
      '',
    ]);
  });

  it.each([
    'get',
    'get models',
    'get servers',
    'get fleet',
    'resolve',
    'pin',
    'unpin',
    'load',
    'unload',
    'drain',
    'undrain',
    'replay',
    'key',
    'key new',
    'version',
  ])('has help with an example: %s', async (command) => {
    const { status, out, err } = await berthctl([...command.split(' '), '--help']);
    expect([status, err]).toEqual([0, '']);
    expect(out).toMatch(/^Usage: berthctl [\s\S]*\nExamples?:\n {2}\$ berthctl /);
    expect(out).toContain(`$ berthctl ${command}`);
  });

  it('tells the version of the package', async () => {
    const file = new URL('../../../package.json', import.meta.url);
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string };
    expect(await berthctl(['--version'])).toEqual({ status: 0, out: `${version}\n`, err: '' });
  });

  it.each([
    ['version', (version: string) => `Client: ${version}\n`],
    ['version -o json', (client: string) => `${JSON.stringify({ client }, null, 2)}\n`],
  ])('tells its own version where no server answers: %s', async (line, told) => {
    const { status, out, err } = await berthctl(line.split(' '), NOBODY);
    expect([status, out]).toEqual([1, told(BERTH_VERSION)]);
    expect(err).toContain('Berth does not answer at http://127.0.0.1:1');
  });

  it('prints nothing but what is wrong where the address is none', async () => {
    const { status, out, err } = await berthctl(['version', '--url', 'nobody:port']);
    expect([status, out]).toEqual([2, '']);
    expect(err).toContain('--url must be an address');
  });
});
