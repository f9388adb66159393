import { describe, expect, it } from '@jest/globals';
import { DEFAULT_SETTINGS, declaredLimits, effectiveModel, modelSpecSchema } from './index.js';

describe('effectiveModel', () => {
  it('prints every default', () => {
    expect(effectiveModel(DEFAULT_SETTINGS)).toEqual({
      ...DEFAULT_SETTINGS,
      labels: {},
      pin: null,
      copies: { min: 0, max: null },
      dependsOn: [],
      deviceSets: [],
      placement: { require: {}, spread: null },
      config: null,
    });
  });

  it('says what holds for every key that may be declared', () => {
    const keys = Object.keys(modelSpecSchema.shape).toSorted();
    expect(Object.keys(effectiveModel(DEFAULT_SETTINGS)).toSorted()).toEqual(keys);
  });

  it('lays the API over the file over the defaults, field by field', () => {
    const defaults = { ...DEFAULT_SETTINGS, idleUnloadSeconds: 60, minResidencySeconds: 5 };
    const file = { idleUnloadSeconds: 120, class: 'critical', labels: { team: 'risk' } } as const;
    const model = effectiveModel(defaults, file, { idleUnloadSeconds: null, labels: { zone: 'a' } });
    expect(model).toMatchObject({ minResidencySeconds: 5, idleUnloadSeconds: null, class: 'critical' });
    expect(model.labels).toEqual({ zone: 'a' });
  });

  it('lays coldStart, copies and placement over each other key by key', () => {
    const file = {
      coldStart: { maxQueue: 1, maxWaitMs: 1 },
      copies: { max: 2 },
      placement: { require: { gpu: 'l4' } },
    };
    const model = effectiveModel(DEFAULT_SETTINGS, file, { coldStart: { maxWaitMs: 2 }, copies: { min: 1 } });
    expect(model.coldStart).toEqual({ policy: 'queue', maxQueue: 1, maxWaitMs: 2, loadWhenShed: true });
    expect(model.copies).toEqual({ min: 1, max: 2 });
    expect(model.placement).toEqual({ require: { gpu: 'l4' }, spread: null });
  });

  it('lets the API pin, and unpin what the file pins', () => {
    const file = { pin: { copies: 1 } };
    expect(effectiveModel(DEFAULT_SETTINGS, file).pin).toEqual({ copies: 1, until: null });
    expect(effectiveModel(DEFAULT_SETTINGS, file, { pin: { copies: 2, until: null } }).pin?.copies).toBe(2);
    expect(effectiveModel(DEFAULT_SETTINGS, file, { pin: null }).pin).toBeNull();
  });

  it('knows a declared limit from a guessed one', () => {
    expect(declaredLimits({ gpuMemoryLimitMb: 1 }, { cpuMemoryLimitMb: 1 })).toEqual({
      gpu: true,
      cpu: true,
    });
    expect(declaredLimits({ gpuMemoryLimitMb: 0 }, {})).toEqual({ gpu: true, cpu: false });
    expect(declaredLimits({}, {})).toEqual({ gpu: false, cpu: false });
  });
});
