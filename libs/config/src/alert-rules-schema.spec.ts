import { describe, expect, it } from '@jest/globals';
import { formatError, readConfig, restartKeys, type Config, type ConfigResult } from './index.js';

const ECC = 'match: { alertname: Ecc }';

function read(rules: string): ConfigResult {
  const text = `webhooks:\n  alertmanager: ${rules}`;
  return readConfig({ file: { path: 'berth.yaml', text }, env: {}, flags: { triton: [] } });
}

function accepted(rules: string): Config {
  const result = read(rules);
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result.config;
}

const errorsOf = (rules: string): string[] => {
  const result = read(rules);
  return result.ok ? [] : result.errors.map((error) => formatError(error, 'berth.yaml'));
};

describe('rules for alerts', () => {
  it('are none where nothing is said', () => {
    const result = readConfig({ env: {}, flags: { triton: [] } });
    expect(result.ok && result.config.webhooks.alertmanager).toEqual([]);
  });

  it('keep what an alert did, unless they say otherwise', () => {
    const rules = `[{ ${ECC}, do: drain, server: instance }, { match: { a: b, c: d }, do: pin, model: m, whenResolved: undo }, { match: { e: f }, do: load, model: m }]`;
    expect(accepted(rules).webhooks.alertmanager).toEqual([
      { match: [['alertname', 'Ecc']], do: 'drain', label: 'instance', undo: false },
      {
        match: [
          ['a', 'b'],
          ['c', 'd'],
        ],
        do: 'pin',
        label: 'm',
        undo: true,
      },
      { match: [['e', 'f']], do: 'load', label: 'm', undo: false },
    ]);
  });

  it.each([
    [`[{ ${ECC}, do: drain }]`, '[0].server: is required with do: drain'],
    [`[{ ${ECC}, do: pin }]`, '[0].model: is required with do: pin'],
    [`[{ ${ECC}, do: load, server: s, model: m }]`, '[0].server: must not be given with do: load'],
    [`[{ ${ECC}, do: drain, server: s, model: m }]`, '[0].model: must not be given with do: drain'],
    [`[{ ${ECC}, do: load, model: m, whenResolved: undo }]`, '[0].whenResolved: must be keep with do: load'],
    [
      `[{ ${ECC}, do: drain, server: s, whenResolved: later }]`,
      '[0].whenResolved: must be one of keep, undo',
    ],
    [`[{ ${ECC}, do: reboot, server: s }]`, '[0].do: must be one of drain, pin, load'],
    [`[{ ${ECC}, server: s }]`, '[0].do: is required'],
    ['[{ do: drain, server: s }]', '[0].match: is required'],
    ['[{ match: {}, do: drain, server: s }]', '[0].match: must have 1 to 16 labels'],
    ['[{ match: { a: "" }, do: drain, server: s }]', '[0].match.a: must have 1 to 1024 characters'],
    [
      '[{ match: { "a b": c }, do: drain, server: s }]',
      '[0].match["a b"]: must be the name of an alert label',
    ],
    [`[{ ${ECC}, do: drain, server: "1" }]`, '[0].server: must be the name of an alert label'],
    [`[{ ${ECC}, do: drain, server: s, deadline: 1 }]`, '[0].deadline: is not a known key'],
    [
      `[{ ${ECC}, do: drain, server: s }, { match: { alertname: Ecc, a: b }, do: pin, model: m }]`,
      '[1].match: is never reached: rule [0] fits all that it fits',
    ],
    ['{}', ': must be a list'],
  ])('are refused with their path and the rule that they break: %s', (rules, told) => {
    expect(errorsOf(rules)).toContainEqual(expect.stringContaining(`webhooks.alertmanager${told}`));
    expect(errorsOf(rules)).toHaveLength(1);
  });

  it('are 100 at most', () => {
    const rules = Array.from({ length: 101 }, (_, nth) => `{ match: { a: "${nth}" }, do: drain, server: s }`);
    expect(errorsOf(`[${rules.join()}]`)).toEqual([expect.stringContaining('must have at most 100 entries')]);
  });

  it('need no restart', () => {
    const rule = `{ ${ECC}, do: drain, server: s }`;
    expect(restartKeys(accepted('[]'), accepted(`[${rule}]`))).toEqual([]);
  });
});
