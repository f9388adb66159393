import { describe, expect, it } from '@jest/globals';
import { aPendingModel as aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { ModelId } from '../index.js';

const E = 'e' as ModelId;
const T = aServer('t').id;
const CONFIG = { json: '{}', kind: 'cpu', gpus: [], count: 1 } as const;

/** A step that was there before leaves as idle while a model without a known config is loaded. */
function beside(): CoreDriver {
  const driver = new CoreDriver()
    .declare(aModel('step', { idleUnload: 20_000 }), aModel('e', { idleUnload: null }))
    .serve(aServer('t', [20]), ['step', 'e'])
    .warm('step', 't');
  driver.tell({ kind: 'ConfigLearned', server: T, model: 'step' as ModelId, config: CONFIG, steps: [] });
  driver.pass(15_000);
  driver.resolve('e');
  driver.pass(10_000);
  return driver;
}

describe('what drains beside a model without a known config', () => {
  it('waits for the end of its load, and for its config', () => {
    const driver = beside();
    expect([driver.orders().at(-1), driver.phase('step', 't')]).toEqual(['load e@t', 'draining']);
    driver.loadEnds('e', 't');
    expect(driver.orders().at(-1)).toBe('load e@t');
    driver.tell({ kind: 'ConfigLearned', server: T, model: E, config: CONFIG, steps: [] });
    expect(driver.orders().at(-1)).toBe('unload step@t');
  });

  it('waits as long where the outcome of the load is unknown, until that has had its time', () => {
    const driver = beside();
    driver.loadEnds('e', 't', 'unknown');
    driver.pass(40_000);
    expect(driver.orders().at(-1)).toBe('load e@t');
    driver.pass(20_000);
    expect(driver.orders().at(-1)).toBe('unload step@t');
  });

  it('serves on where that is made of it', () => {
    const driver = beside();
    driver.loadEnds('e', 't');
    const steps = ['step' as ModelId];
    driver.tell({ kind: 'ConfigLearned', server: T, model: E, config: CONFIG, steps });
    expect(driver.phase('step', 't')).toBe('ready');
  });

  it('waits no longer where the config is not told within five seconds', () => {
    const driver = beside();
    driver.loadEnds('e', 't');
    driver.pass(4_999);
    expect(driver.orders().at(-1)).toBe('load e@t');
    driver.pass(1);
    expect(driver.orders().at(-1)).toBe('unload step@t');
  });
});
