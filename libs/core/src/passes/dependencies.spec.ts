import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';

const Q = aModel('q').id;
const P = aModel('p', { dependsOn: [Q] });

describe('a model that needs another', () => {
  it('which no repository lists is refused, and nothing is loaded', () => {
    const driver = new CoreDriver().declare(P).serve(aServer('t'), ['p']);
    expect(driver.refusalOf(driver.resolve('p'))).toMatchObject({
      reason: 'infeasible',
      detail: 'not_in_repository',
    });
    expect(driver.orders()).toEqual([]);
  });

  it('which nobody declared is loaded with it all the same', () => {
    const driver = new CoreDriver().declare(P).serve(aServer('t', [10], { discover: false }), ['p', 'q']);
    const request = driver.resolve('p');
    driver.loadEnds('q', 't');
    driver.loadEnds('p', 't');
    expect(driver.answerTo(request)).toBe('t');
  });

  it('which is not to be loaded is refused as disabled', () => {
    const driver = new CoreDriver()
      .declare(P, aModel('q', { enabled: false }))
      .serve(aServer('t'), ['p', 'q']);
    expect(driver.answerTo(driver.resolve('p'))).toBe('disabled');
    expect(driver.orders()).toEqual([]);
  });

  it('which is disabled while both wait for a load slot is refused then, and neither is loaded', () => {
    const driver = new CoreDriver()
      .declare(P, aModel('q', { gpuBytes: 1 }), aModel('k', { gpuBytes: 1 }))
      .serve(aServer('t'), ['p', 'q', 'k']);
    driver.resolve('k');
    const request = driver.resolve('p');
    expect(driver.phase('q', 't')).toBe('placed');
    driver.declare(aModel('q', { enabled: false }));
    expect(driver.answerTo(request)).toBe('disabled');
    driver.loadEnds('k', 't');
    expect(driver.orders()).toEqual(['load k@t']);
  });

  it('whose load failed gets its place anew once that is past', () => {
    const driver = new CoreDriver()
      .declare({ ...P, pinnedCopies: 1 }, aModel('q'))
      .serve(aServer('t'), ['p', 'q']);
    driver.loadEnds('q', 't', 'transient');
    driver.pass(800);
    expect(driver.orders()).toEqual(['load q@t']);
    driver.pass(1_000);
    driver.loadEnds('q', 't');
    driver.loadEnds('p', 't');
    expect(driver.phase('p', 't')).toBe('ready');
  });

  it('whose load fails for a lasting cause is refused with that cause', () => {
    const driver = new CoreDriver().declare(P, aModel('q')).serve(aServer('t'), ['p', 'q']);
    driver.resolve('p');
    driver.loadEnds('q', 't', 'missing');
    driver.pass(800);
    expect(driver.refusalOf(driver.resolve('p'))).toMatchObject({ reason: 'load_failed', cause: 'missing' });
  });
});

describe('a model withdrawn while it waits for a load slot', () => {
  it('is not loaded', () => {
    const driver = new CoreDriver()
      .declare(aModel('a', { gpuBytes: 1 }), aModel('b', { gpuBytes: 1 }))
      .serve(aServer('t', [10], { discover: false }), ['a', 'b']);
    driver.resolve('a');
    driver.pass(300);
    const request = driver.resolve('b');
    driver.tell({ kind: 'ModelWithdrawn', model: aModel('b').id });
    driver.loadEnds('a', 't');
    expect(driver.orders()).toEqual(['load a@t']);
    driver.pass(1_000);
    expect(driver.answerTo(request)).toBe('unknown_model');
  });

  it('with a declared config is loaded onto a GPU beside it, whatever was learned of it before', () => {
    const driver = new CoreDriver()
      .declare(aModel('p', { dependsOn: [Q], config: '{}' }), aModel('q', { config: '{}' }))
      .serve(aServer('t', [10, 10]), ['p', 'q']);
    const config = { json: '{}', kind: 'cpu', gpus: [], count: 1 } as const;
    driver.tell({ kind: 'ConfigLearned', server: aServer('t').id, model: Q, config, steps: [] });
    driver.resolve('p');
    expect(driver.log).toMatchObject([{ kind: 'load', model: 'q', config: { gpus: [0] } }]);
  });
});
