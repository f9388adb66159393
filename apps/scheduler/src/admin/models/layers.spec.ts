import { describe, expect, it } from '@jest/globals';
import { DEFAULT_SETTINGS } from '#config';
import type { DeclaredModel } from '#engine';
import { aModel } from '../../../../../test/support/builders.js';
import { WallTimes } from '../../transport/wall-times.js';
import { coreModel } from './core-model.js';
import { isDeclared, layered } from './layers.js';

const MIB = 2 ** 20;
const times = new WallTimes(
  () => Date.parse('2026-01-01T00:00:00Z'),
  () => 0,
);
const entry = (file: Parameters<typeof layered>[2], told?: DeclaredModel) =>
  layered('m', DEFAULT_SETTINGS, file, told);

describe('the layers of a model', () => {
  it('lay the API over the file over the defaults, field by field', () => {
    const { effective, spec, source } = entry(
      { gpuMemoryLimitMb: 1, coldStart: { maxQueue: 5 } },
      { revision: 3, spec: { cpuMemoryLimitMb: 2, coldStart: { maxWaitMs: 7 } } },
    );
    expect(effective).toMatchObject({ gpuMemoryLimitMb: 1, cpuMemoryLimitMb: 2, idleUnloadSeconds: 300 });
    expect(effective.coldStart).toEqual({ policy: 'queue', maxQueue: 5, maxWaitMs: 7, loadWhenShed: true });
    expect(spec).toEqual({
      gpuMemoryLimitMb: 1,
      cpuMemoryLimitMb: 2,
      coldStart: { maxQueue: 5, maxWaitMs: 7 },
    });
    expect(source).toBe('file');
  });

  it('put a pin set apart over the spec, and unpin what the file pinned', () => {
    const file = { pin: { copies: 1 } };
    expect(entry(file).effective.pin).toEqual({ copies: 1, until: null });
    expect(
      entry(file, { revision: 1, spec: null, pin: { copies: 2, until: null } }).effective.pin?.copies,
    ).toBe(2);
    expect(entry(file, { revision: 1, spec: null, pin: null }).effective.pin).toBeNull();
  });

  it('say where a model comes from', () => {
    expect(entry(undefined, { revision: 1, spec: {} }).source).toBe('api');
    expect(entry(undefined, { revision: 1, spec: null, pin: { copies: 1, until: null } }).source).toBe(
      'discovered',
    );
    expect(isDeclared(entry(undefined, { revision: 4, spec: null }))).toBe(false);
    expect(isDeclared(entry(undefined, { revision: 4, spec: {} }))).toBe(true);
  });

  it('are told to the core in bytes and milliseconds', () => {
    const model = coreModel(
      entry({ gpuMemoryLimitMb: 3, idleUnloadSeconds: null, config: { b: 1, a: [] } }),
      times,
    );
    expect(model).toMatchObject({
      id: 'm',
      source: 'declared',
      gpuBytes: 3 * MIB,
      hostBytes: 4096 * MIB,
      gpuDeclared: true,
      hostDeclared: false,
      idleUnload: null,
      loadTimeout: 300_000,
      coldStart: { maxWait: 60_000 },
      config: '{"a":[],"b":1}',
      pinnedCopies: 0,
      minCopies: 0,
      maxCopies: null,
    });
  });

  it('tell the core no key that it does not know', () => {
    const model = coreModel(entry(undefined, { revision: 1, spec: {} }), times);
    expect(Object.keys(model).toSorted()).toEqual(Object.keys(aModel('m')).toSorted());
  });

  it.each([
    { file: { cpuMemoryLimitMb: 1 }, api: {}, gpu: false, host: true },
    { file: { gpuMemoryLimitMb: 0 }, api: {}, gpu: true, host: false },
    { file: { cpuMemoryLimitMb: 1 }, api: { gpuMemoryLimitMb: 0 }, gpu: true, host: true },
    { file: {}, api: { cpuMemoryLimitMb: 1 }, gpu: false, host: true },
    { file: {}, api: {}, gpu: false, host: false },
  ])('declare limits of GPU and host apart: $file under $api', ({ file, api, gpu, host }) => {
    const told = { revision: 1, spec: api };
    const defaults = { ...DEFAULT_SETTINGS, gpuMemoryLimitMb: 7, cpuMemoryLimitMb: 7 };
    const model = coreModel(layered('m', defaults, file, told), times);
    expect([model.gpuDeclared, model.hostDeclared]).toEqual([gpu, host]);
  });

  it('hold a pin until its time is over', () => {
    const pinned = (until: string): number =>
      coreModel(entry({ pin: { copies: 2, until } }), times).pinnedCopies;
    expect(pinned('2026-01-01T00:00:01Z')).toBe(2);
    expect(pinned('2026-01-01T00:00:00Z')).toBe(0);
  });
});
