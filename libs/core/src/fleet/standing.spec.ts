import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { ModelId, ServerId } from './ids.js';
import { isListedNowhere } from './standing.js';

const A = 'a' as ModelId;
const S = 's' as ServerId;

describe('a server that Berth leaves alone', () => {
  it.each(['wrong_mode', 'restricted'] as const)('keeps its routes when an admin unloads: %s', (mode) => {
    const driver = new CoreDriver();
    driver
      .declare(aModel('a', { gpuBytes: 6 }))
      .serve(aServer('s', [10]), ['a'])
      .serve(aServer('t', [10]), ['a']);
    driver.warm('a', 's');
    driver.tell({ kind: 'LookFailed', server: S, why: { mode } });
    driver.tell({ kind: 'UnloadOrdered', model: A, force: true });
    expect([driver.phase('a', 's'), driver.answerTo(driver.resolve('a'))]).toEqual(['ready', 's']);
    driver.tell({ kind: 'LookFailed', server: S, why: { mode: 'explicit' } });
    driver.tell({ kind: 'UnloadOrdered', model: A, force: true });
    expect(driver.phase('a', 's')).not.toBe('ready');
  });
});

describe('a model that no repository lists', () => {
  const listedNowhere = (model: string, require = {}): boolean => {
    const driver = new CoreDriver();
    driver.declare(aModel(model, { gpuBytes: 6, require }));
    driver.serve(aServer('s', [10]), ['a']);
    return isListedNowhere(driver.fleet, model as ModelId);
  };

  it('is told from one that is listed, and from one that no server would take', () => {
    expect([listedNowhere('a'), listedNowhere('b'), listedNowhere('b', { gpu: 'l4' })]).toEqual([
      false,
      true,
      false,
    ]);
  });

  it('may be on a server that was never looked at', () => {
    const driver = new CoreDriver();
    driver.declare(aModel('b', { gpuBytes: 6 }));
    expect(isListedNowhere(driver.fleet, 'b' as ModelId)).toBe(false);
    driver.serve(aServer('s', [10]), ['a']);
    driver.tell({ kind: 'ServerDeclared', server: aServer('late', [10]) });
    expect(isListedNowhere(driver.fleet, 'b' as ModelId)).toBe(false);
  });
});
