import { describe, expect, it } from '@jest/globals';
import { formatError, readConfig, type ConfigSources } from './index.js';

describe('what readConfig refuses', () => {
  it('tells every error at once, each with its path and line', () => {
    const text = [
      'fleet: a..b',
      'servers:',
      '  - id: a',
      '    grpc: nowhere',
      '  - id: a',
      '    grpc: 127.0.0.1:8001',
      '    metric: http://127.0.0.1:8002/metrics',
      'models:',
      '  fraud:',
      '    gpuMemoryLimitMb: -1',
      '    pin: { copies: 3 }',
      '    copies: { max: 2 }',
      '  "a.b": { class: urgent }',
    ].join('\n');
    expect(lines(text, { BERTH_GRPC: 'x' })).toEqual([
      'berth.yaml:1: fleet: must be a name: 1 to 128 letters, digits, ".", "_" or "-", beginning with a letter or digit, without ".."',
      'berth.yaml:4: servers[0].grpc: must be host:port with a port from 1 to 65535 (IPv6 in brackets: [::1]:8001)',
      'berth.yaml:5: servers[1].id: must be unique: another server has it too',
      'berth.yaml:7: servers[1].metric: is not a known key',
      'berth.yaml:10: models.fraud.gpuMemoryLimitMb: must be a whole number of MiB from 0 to 1073741824',
      'berth.yaml:11: models.fraud.pin.copies: must be at most copies.max (2)',
      'berth.yaml:13: models["a.b"].class: must be one of critical, default, sheddable',
      'BERTH_GRPC: must be host:port with a port from 0 to 65535 (IPv6 in brackets: [::1]:8001)',
    ]);
  });

  it('tells what is no YAML with its line, beside what the environment gets wrong', () => {
    expect(lines('fleet: a\nhttp: [1\nfleet: b', { BERTH_REDIS_URL: 'http://r' })).toEqual([
      expect.stringMatching(/^berth.yaml:\d: must be YAML: /),
      expect.stringMatching(/^berth.yaml:\d: must be YAML: /),
      expect.stringMatching(/^BERTH_REDIS_URL: must be redis/),
    ]);
    expect(lines('fleet: a\nfleet: b')).toEqual(['berth.yaml:2: must be YAML: Keys must be unique']);
    expect(lines('models:\n  1: {}\n  "1": {}\n  ? [a]\n  : {}')).toEqual([
      'berth.yaml:3: must be YAML: Keys must be unique',
      'berth.yaml:4: must be YAML: Keys must be plain words',
    ]);
    expect(lines('fleet: !berth a')).toEqual(['berth.yaml:1: must be YAML: Unresolved tag: !berth']);
    expect(lines('a: *b')).toEqual([expect.stringContaining('must be YAML')]);
    expect(lines('- a')).toEqual(['must be a mapping of keys to values']);
  });

  it('takes aliases, but none within what it stands for', () => {
    expect(lines('a: &a [*a, *a]')[0]).toBe('berth.yaml:1: must be YAML: *a must not stand within &a');
    expect(lines('fleet: a\nlimits: &x\n  globalQueue: { b: *x }')).toEqual([
      'berth.yaml:3: must be YAML: *x must not stand within &x',
    ]);
    const models = 'models: { a: &m { enabled: true }, b: *m, c: &m { enabled: false }, d: *m, e: *m }';
    expect(lines(models)).toEqual([]);
    const nested = Array.from(
      { length: 9 },
      (_, nth) => `a${nth + 1}: &a${nth + 1} [${`*a${nth}, `.repeat(9)}]`,
    );
    expect(lines(`a0: &a0 [x]\n${nested.join('\n')}`)).toEqual([
      expect.stringContaining('must be YAML: Excessive alias'),
    ]);
  });

  it.each([
    ['residency: { policy: value }', 'residency.policy'],
    ['residency: { loadAhead: true }', 'residency.loadAhead'],
    ['models: { m: { pin: { copies: 1, schedule: { cron: "* * * * *" } } } }', 'models.m.pin.schedule'],
  ])('does not take %s and then ignore it', (text, path) => {
    expect(lines(text)).toEqual([`berth.yaml:1: ${path}: not available in this version`]);
  });

  it.each([
    ['grpc: 127.0.0.1:7080', 'grpc: must not be the same address as http'],
    ['http: 127.0.0.1', 'http: must be host:port with a port from 0 to 65535 (IPv6 in brackets: [::1]:8001)'],
    ['data: ""', 'data: must not be empty'],
    ['recorder: { files: 1 }', 'recorder.files: must be a whole number from 2 to 1000'],
    ['recorder: { dir: "" }', 'recorder.dir: must not be empty'],
    ['limits: { loadsPerServer: 0 }', 'limits.loadsPerServer: must be a whole number from 1 to 64'],
    ['connections: { http: 0 }', 'connections.http: must be a whole number from 1 to 1000000'],
    [
      'connections: { httpArrivalSeconds: 0.5 }',
      'connections.httpArrivalSeconds: must be a number of seconds from 1 to 3600',
    ],
    ['limits: { globalQueue: 1.5 }', 'limits.globalQueue: must be a whole number from 1 to 1000000'],
    [
      'limits: { shedAtLagMs: 0 }',
      'limits.shedAtLagMs: must be a whole number of milliseconds from 1 to 3600000',
    ],
    ['limits: { globalQueue: many }', 'limits.globalQueue: must be a whole number from 1 to 1000000'],
    [
      'limits: { stuckAfterSeconds: 90000 }',
      'limits.stuckAfterSeconds: must be a number of seconds from 1 to 86400',
    ],
    [
      'defaults: { idleUnloadSeconds: -1 }',
      'defaults.idleUnloadSeconds: must be a number of seconds from 0 to 31536000',
    ],
    [
      'defaults: { minResidencySeconds: .inf }',
      'defaults.minResidencySeconds: must be a number of seconds from 0 to 86400',
    ],
    [
      'defaults: { loadTimeoutSeconds: 0 }',
      'defaults.loadTimeoutSeconds: must be a number of seconds from 1 to 86400',
    ],
    [
      'defaults: { cpuMemoryLimitMb: -5 }',
      'defaults.cpuMemoryLimitMb: must be a whole number of MiB from 1 to 1073741824',
    ],
    [
      'defaults: { coldStart: { maxWaitMs: 3600001 } }',
      'defaults.coldStart.maxWaitMs: must be a whole number of milliseconds from 0 to 3600000',
    ],
    ['defaults: { enabled: "yes" }', 'defaults.enabled: must be true or false'],
    ['defaults: { labels: {} }', 'defaults.labels: is not a known key'],
    ['models: { m: { pin: {} } }', 'models.m.pin.copies: is required'],
    ['models: { m: { pin: { copies: 0 } } }', 'models.m.pin.copies: must be a whole number from 1 to 1000'],
    [
      'models: { m: { pin: { copies: 1, until: tomorrow } } }',
      'models.m.pin.until: must be a time in UTC like 2026-01-31T12:00:00Z',
    ],
    ['models: { m: { copies: { min: -1 } } }', 'models.m.copies.min: must be a whole number from 0 to 1000'],
    ['models: { m: { copies: { min: 3, max: 2 } } }', 'models.m.copies.min: must be at most copies.max (2)'],
    [
      'models: { m: { placement: { spread: "" } } }',
      'models.m.placement.spread: must be a label key: 1 to 128 letters, digits, ".", "_", "/" or "-", beginning with a letter or digit',
    ],
    ['models: { m: { deviceSets: [0] } }', 'models.m.deviceSets[0]: must be a list'],
    ['models: { m: { deviceSets: [[]] } }', 'models.m.deviceSets[0]: must name at least one device'],
    ['models: { m: { deviceSets: [[0, 1, 0]] } }', 'models.m.deviceSets[0]: must name each device once'],
    ['models: { m: { deviceSets: [[0, 1], [1, 0]] } }', 'models.m.deviceSets[1]: must be listed once'],
    [
      'models: { m: { deviceSets: [[0, -1]] } }',
      'models.m.deviceSets[0][1]: must be a whole number from 0 to 1023',
    ],
    [
      'models: { m: { deviceSets: [[0]], config: {} } }',
      'models.m.deviceSets: must not be given beside config: it is left alone',
    ],
    [
      'defaults: { onLimitExceeded: kill }',
      'defaults.onLimitExceeded: must be one of warn, unload, quarantine',
    ],
    ['models: { m: { onFailing: kill } }', 'models.m.onFailing: must be one of flag, replace'],
    ['models: { m: { dependsOn: m } }', 'models.m.dependsOn: must be a list'],
    ['models: { m: { labels: { team: 4 } } }', 'models.m.labels.team: must be a string'],
    ['models: { m: { config: { x: .nan } } }', 'models.m.config: must be JSON, nested at most 64 deep'],
    [
      'models: { m: { config: { x: !!binary YQ== } } }',
      'models.m.config: must be JSON, nested at most 64 deep',
    ],
    ['models: { m: 4 }', 'models.m: must be a mapping of keys to values'],
    ['__proto__: { a: 1 }', '__proto__: is not a known key'],
  ])('says why %s is wrong', (text, rule) => {
    expect(lines(text)).toEqual([`berth.yaml:1: ${rule}`]);
  });

  it('looks below a name that is itself refused', () => {
    expect(lines('models:\n  "..":\n    class: x')).toEqual([
      expect.stringContaining('models[".."]: must be a name'),
      'berth.yaml:3: models[".."].class: must be one of critical, default, sheddable',
    ]);
  });

  it.each([
    ['models: { __proto__: {} }', 'models.__proto__'],
    ['models: { m: { labels: { __proto__: a } } }', 'models.m.labels.__proto__'],
    ['models: { m: { config: { a: [{ __proto__: 1 }] } } }', 'models.m.config.a[0].__proto__'],
  ])('does not pass over the name that objects hide: %s', (text, path) => {
    expect(lines(text)).toContain(`berth.yaml:1: ${path}: is not a known key`);
  });

  it.each(['8001', 'host', 'a:b:c', '127.0.0.1:1', '127.0.0.1:65535', '1.2.3:8001', '::1:8001'])(
    'does not take --triton %s',
    (flag) => {
      const rule = `must be host:port with a port from 2 to 65534 (IPv6 in brackets: [::1]:8001)`;
      expect(told({ env: {}, flags: { triton: [flag] } })).toEqual([`--triton ${flag}: ${rule}`]);
    },
  );

  it('does not take a server twice, also where one is a flag', () => {
    const file = { path: 'berth.yaml', text: 'servers: [{ id: a, grpc: "127.0.0.1:8001" }]' };
    expect(told({ file, env: {}, flags: { triton: ['127.0.0.1:8001'] } })).toEqual([
      '--triton 127.0.0.1:8001: must be unique: another server has it too',
    ]);
    expect(told({ env: {}, flags: { triton: ['127.0.0.1:8001', '127.0.0.1:8001'] } })).toHaveLength(1);
  });

  it('holds flags and variables to the rules of the file', () => {
    const flags = { triton: [], http: '10.0.0.1', data: '' };
    const rule = 'must be host:port with a port from 0 to 65535 (IPv6 in brackets: [::1]:8001)';
    expect(told({ env: { BERTH_GRPC: '10.0.0.1:x' }, flags })).toEqual([
      `--http: ${rule}`,
      `BERTH_GRPC: ${rule}`,
      '--data: must not be empty',
    ]);
  });
});

function lines(text: string, env: Record<string, string> = {}): string[] {
  return told({ file: { path: 'berth.yaml', text }, env, flags: { triton: [] } });
}

function told(sources: ConfigSources): string[] {
  const result = readConfig(sources);
  return result.ok ? [] : result.errors.map((error) => formatError(error, 'berth.yaml'));
}
