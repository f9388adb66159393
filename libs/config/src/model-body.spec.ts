import { describe, expect, it } from '@jest/globals';
import { patchModelSpec, readModelSpec, readPin, readServerSpec, type Checked } from './index.js';

describe('readModelSpec', () => {
  it('takes the keys of the file as they are, and adds none', () => {
    const body = {
      gpuMemoryLimitMb: 10,
      idleUnloadSeconds: null,
      coldStart: { policy: 'shed' },
      class: 'critical',
    };
    expect(readModelSpec('m', body)).toEqual({ ok: true, value: body });
    expect(readModelSpec('m', {})).toEqual({ ok: true, value: {} });
  });

  it('takes a model that needs no GPU', () => {
    const body = { gpuMemoryLimitMb: 0, cpuMemoryLimitMb: 300 };
    expect(readModelSpec('m', body)).toEqual({ ok: true, value: body });
  });

  it('tells every error with its path', () => {
    const body = {
      gpuMemoryLimitMb: -1,
      cpuMemoryLimitMb: 0,
      coldStart: { maxQueue: 'x' },
      nonsense: 1,
      dependsOn: ['m'],
      deviceSets: [[0, 0]],
    };
    expect(rules(readModelSpec('m', body))).toEqual([
      'gpuMemoryLimitMb: must be a whole number of MiB from 0 to 1073741824',
      'cpuMemoryLimitMb: must be a whole number of MiB from 1 to 1073741824',
      'coldStart.maxQueue: must be a whole number from 0 to 1000000',
      'nonsense: is not a known key',
      'deviceSets[0]: must name each device once',
      'dependsOn[0]: must not be the model itself',
    ]);
    expect(rules(readModelSpec('m', []))).toEqual([': must be a mapping of keys to values']);
    expect(rules(readModelSpec('m', null))).toEqual([': must be a mapping of keys to values']);
  });

  it('holds pins to copies.max, whichever layer says them', () => {
    const rule = ['pin.copies: must be at most copies.max (1)'];
    expect(rules(readModelSpec('m', { pin: { copies: 2 }, copies: { max: 1 } }))).toEqual(rule);
    expect(rules(readModelSpec('m', { pin: { copies: 2 } }, { fileSpec: { copies: { max: 1 } } }))).toEqual(
      rule,
    );
    expect(rules(readModelSpec('m', { copies: { max: 1 } }, { fileSpec: { pin: { copies: 2 } } }))).toEqual(
      rule,
    );
    expect(rules(readModelSpec('m', { copies: { max: 1 } }, { pin: { copies: 2, until: null } }))).toEqual(
      rule,
    );
    const few = ['copies.min: must be at most copies.max (1)'];
    expect(rules(readModelSpec('m', { copies: { max: 1 } }, { fileSpec: { copies: { min: 2 } } }))).toEqual(
      few,
    );
    const unpinned = { fileSpec: { pin: { copies: 2 } }, pin: null };
    expect(rules(readModelSpec('m', { copies: { max: 1 } }, unpinned))).toEqual([]);
  });
});

describe('patchModelSpec', () => {
  const current = { enabled: false, coldStart: { policy: 'shed', maxQueue: 3 } } as const;

  it('merges, and null takes a key back to the layer below', () => {
    const patch = { enabled: null, coldStart: { maxQueue: null, maxWaitMs: 5 }, labels: { team: 'risk' } };
    expect(patchModelSpec('m', current, patch)).toEqual({
      ok: true,
      value: { coldStart: { policy: 'shed', maxWaitMs: 5 }, labels: { team: 'risk' } },
    });
  });

  it('checks what comes of it', () => {
    expect(rules(patchModelSpec('m', current, { coldStart: { maxQueue: -1 } }))).toEqual([
      'coldStart.maxQueue: must be a whole number from 0 to 1000000',
    ]);
    expect(rules(patchModelSpec('m', current, 'x'))).toEqual([': must be a mapping of keys to values']);
    expect(rules(patchModelSpec('m', current, undefined))).toEqual([': a body is required']);
  });

  it('does not swallow a slip in a key that is taken out', () => {
    expect(rules(patchModelSpec('m', current, { enabeld: null, coldStart: { maxWait: null } }))).toEqual([
      'coldStart.maxWait: is not a known key',
      'enabeld: is not a known key',
    ]);
    expect(rules(patchModelSpec('m', current, { labels: { gone: null } }))).toEqual([]);
  });

  it('refuses what is nested beyond reason', () => {
    const deep = JSON.parse(`${'{"config":'.repeat(5000)}1${'}'.repeat(5000)}`) as unknown;
    expect(rules(patchModelSpec('m', current, deep))).toEqual([': must be JSON, nested at most 64 deep']);
    expect(rules(readModelSpec('m', deep))).toEqual(['config: must be JSON, nested at most 64 deep']);
  });
});

describe('readPin', () => {
  it('takes copies and an end, and no more copies than there may be', () => {
    const pin = { copies: 2, until: '2030-01-31T12:00:00Z' };
    expect(readPin(pin, null)).toEqual({ ok: true, value: pin });
    expect(readPin(pin, 2)).toEqual({ ok: true, value: pin });
    expect(rules(readPin(pin, 1))).toEqual(['copies: must be at most copies.max (1)']);
    expect(rules(readPin({ until: '2030-01-31', schedule: {} }, 1))).toEqual([
      'copies: is required',
      'until: must be a time in UTC like 2026-01-31T12:00:00Z',
      'schedule: not available in this version',
    ]);
  });

  it('takes a pin as it is printed', () => {
    const printed = { copies: 1, until: null, schedule: null };
    expect(readPin(printed, null)).toEqual({ ok: true, value: printed });
    expect(rules(readModelSpec('m', { pin: printed }))).toEqual([]);
    expect(rules(readModelSpec('m', { pin: null }))).toEqual([]);
  });
});

describe('readServerSpec', () => {
  it('takes a server without its name', () => {
    const body = { grpc: '127.0.0.1:8001', metrics: null, tls: {} };
    expect(readServerSpec(body)).toEqual({ ok: true, value: body });
    expect(rules(readServerSpec({ id: 'a' }))).toEqual(['grpc: is required', 'id: is not a known key']);
  });

  it('names no file of ours, neither to be read nor to be sent elsewhere', () => {
    const tls = { ca: 'ca.pem', cert: '/dev/zero', key: '/etc/key' };
    expect(rules(readServerSpec({ grpc: 'h:1', headersFile: '/etc/shadow', tls }))).toEqual([
      'headersFile: may be set in the file only',
      'tls.ca: may be set in the file only',
      'tls.cert: may be set in the file only',
      'tls.key: may be set in the file only',
    ]);
  });

  it('refuses an interval of the metrics out of bounds', () => {
    const rule = 'metricsIntervalMs: must be a whole number of milliseconds from 100 to 60000';
    const bad = [99, 60_001, 1.5, '2000', null];
    expect(bad.flatMap((value) => rules(readServerSpec({ grpc: 'h:1', metricsIntervalMs: value })))).toEqual(
      bad.map(() => rule),
    );
    for (const metricsIntervalMs of [100, 60_000])
      expect(rules(readServerSpec({ grpc: 'h:1', metricsIntervalMs }))).toEqual([]);
  });

  it('checks devices as the file does', () => {
    const devices = [{ ordinal: 0, memoryMb: 5, headroomMb: 5 }];
    expect(rules(readServerSpec({ grpc: 'h:1', devices }))).toEqual([
      'devices[0].memoryMb: must be more than headroomMb (5)',
    ]);
  });
});

function rules(checked: Checked<unknown>): string[] {
  return checked.ok ? [] : checked.errors.map(({ path, rule }) => `${path}: ${rule}`);
}
