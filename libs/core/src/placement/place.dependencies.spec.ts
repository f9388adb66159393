import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { RequestId } from '../fleet/ids.js';

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

  it('which was not declared is loaded with it all the same', () => {
    const driver = new CoreDriver().declare(P).serve(aServer('t', [10], { discover: false }), ['p', 'q']);
    const request = driver.resolve('p');
    driver.loadEnds('q', 't');
    driver.loadEnds('p', 't');
    expect(driver.answerTo(request)).toBe('t');
  });

  it('is loaded with it where it fits, though there is the one copy of that already that there may be', () => {
    const driver = new CoreDriver()
      .declare(P, aModel('q', { maxCopies: 1 }))
      .serve(aServer('full', [4]), ['p', 'q']);
    driver.resolve('q');
    driver.loadEnds('q', 'full');
    driver.serve(aServer('t'), ['p', 'q']);
    const request = driver.resolve('p');
    driver.loadEnds('q', 't');
    driver.loadEnds('p', 't');
    expect(driver.answerTo(request)).toBe('t');
    expect(driver.phase('q', 'full')).toBe('ready');
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
    expect([driver.phase('q', 't'), driver.answerTo(request)]).toEqual([undefined, 'waiting']);
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
    driver.pass(500);
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

describe('two ensembles that share a step', () => {
  it('one of which was to bring it: when that one is not wanted any more, the other brings it at once', () => {
    const anEnsemble = { gpuBytes: 0, gpuDeclared: false, hostDeclared: false };
    const driver = new CoreDriver()
      .declare(aModel('e', anEnsemble), aModel('f', anEnsemble), aModel('s', { gpuBytes: 2 }))
      .declare(aModel('x', { gpuBytes: 6 }), aModel('k'))
      .serve(aServer('t', [10]), ['e', 'f', 's', 'x', 'k']);
    driver.tell({ kind: 'StepsRemembered', model: aModel('e').id, steps: [aModel('s').id, aModel('x').id] });
    driver.tell({ kind: 'StepsRemembered', model: aModel('f').id, steps: [aModel('s').id] });
    driver.warm('k', 't');
    driver.pass(20_000);
    driver.unloadsEnd = false;
    const first = driver.resolve('e');
    driver.pass(1_000);
    driver.resolve('f');
    expect(driver.orders()).toEqual(['load k@t', 'unload k@t']);
    driver.tell({ kind: 'RequestCancelled', request: first as RequestId });
    expect(driver.log.at(-1)).toMatchObject({ kind: 'load', model: 'f', coLoaded: ['s'] });
  });
});
