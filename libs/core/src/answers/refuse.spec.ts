import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { Ready } from '../fleet/replica.js';

const NAMES = ['a', 'b', 'c'];

const aDriver = (): CoreDriver =>
  new CoreDriver().declare(...NAMES.map((name) => aModel(name))).serve(aServer('t'), NAMES);

describe('a request', () => {
  it('hears nothing final about a model too large for all servers but one that was never seen', () => {
    const driver = aDriver().declare(aModel('a', { gpuBytes: 20 }));
    driver.tell({ kind: 'ServerDeclared', server: aServer('u', [40]) });
    driver.pass(20_000);
    expect(driver.answerTo(driver.resolve('a'))).toBe('no_server');
  });
});

describe('best-effort demand', () => {
  it('ends when its time is up', () => {
    const driver = new CoreDriver().declare(aModel('a'));
    driver.tell({ kind: 'LoadOrdered', model: aModel('a').id, until: driver.now + 60_000 });
    driver.pass(59_000);
    expect(driver.fleet.bestEffort.size).toBe(1);
    driver.pass(1_000);
    expect(driver.fleet.bestEffort.size).toBe(0);
  });
});

describe('a request that names a version', () => {
  const warm = (): CoreDriver => aDriver().warm('a', 't');
  const twoCopies = (): CoreDriver => {
    const driver = warm()
      .serve(aServer('u'), ['a'])
      .declare(aModel('a', { pinnedCopies: 2 }));
    driver.loadEnds('a', 'u');
    return driver;
  };

  it('is refused for good where every copy says that it has others', () => {
    const driver = warm();
    expect(driver.refusalOf(driver.resolve('a', { version: '7' }))).toEqual({
      reason: 'unknown_version',
      retryAfter: null,
    });
    expect(driver.answerTo(driver.resolve('a', { version: '1' }))).toBe('t');
  });

  it('is given the copy that has it, where another has others', () => {
    const driver = twoCopies();
    driver.shelf('u').versions.set(aModel('a').id, ['1', '7']);
    driver.pass(11_000);
    expect(driver.answerTo(driver.resolve('a', { version: '7' }))).toBe('u');
  });

  it('waits while one of two copies has not said yet which it has', () => {
    const driver = twoCopies();
    const [, second] = driver.fleet.replicas.values();
    driver.fleet.replicas.set(second!.id, { ...(second as Ready), versions: [] });
    expect(driver.answerTo(driver.resolve('a', { version: '9' }))).toBe('waiting');
  });

  it('waits while a copy has not said yet which it has', () => {
    const driver = aDriver();
    driver.tell({ kind: 'StepsRemembered', model: aModel('a').id, steps: [aModel('b').id] });
    driver.resolve('a');
    driver.fleet.servers.get(aServer('t').id)!.looking = 'full';
    driver.loadEnds('a', 't');
    expect(driver.answerTo(driver.resolve('b', { version: '7' }))).toBe('waiting');
    expect(driver.answerTo(driver.resolve('b'))).toBe('t');
  });

  it('waits for a model that is not there', () => {
    const driver = aDriver();
    const request = driver.resolve('a', { version: '7' });
    expect(driver.answerTo(request)).toBe('waiting');
    driver.loadEnds('a', 't');
    expect(driver.answerTo(request)).toBe('unknown_version');
  });
});

describe('a request for which a lease has to end first', () => {
  it.each([
    { wait: 10_000, answer: 'no_capacity' },
    { wait: 10_001, answer: 'deadline_unreachable' },
    { wait: 15_999, answer: 'deadline_unreachable' },
    { wait: 16_000, answer: 'waiting' },
  ])('of 10 s, and then an unload of 1 s and a load of 5 s, and that waits $wait ms is $answer', (one) => {
    const { wait, answer } = one;
    const driver = new CoreDriver()
      .declare(aModel('a', { gpuBytes: 10 }), aModel('b', { gpuBytes: 10 }))
      .serve(aServer('t', [10]), ['a', 'b'])
      .warm('a', 't')
      .loadsTake('b', 5_000)
      .unloadsTake('t', 1_000);
    expect(driver.answerTo(driver.resolve('b', { wait }))).toBe(answer);
  });
});

describe('at its deadline a request', () => {
  it('is told how far the load is, how long it may take, and how many that came before it still wait', () => {
    const driver = aDriver();
    for (const rank of ['sheddable', 'critical'] as const)
      driver.resolve('a', { class: rank, tenant: 'other' });
    driver.resolve('b');
    driver.pass(1);
    const request = driver.resolve('a', { wait: 2_000 });
    driver.pass(1);
    driver.resolve('a');
    driver.pass(1_999);
    const told = { reason: 'loading', phase: 'loading', eta: 7_999, retryAfter: 12_999, position: 2 };
    expect(driver.refusalOf(request)).toEqual(told);
  });

  it('is told to ask again after a second at the earliest, and of some time left where the load takes longer than usual', () => {
    const driver = aDriver().loadsTake('a', 2_000);
    const request = driver.resolve('a', { wait: 4_000 });
    driver.pass(4_000);
    expect(driver.refusalOf(request)).toMatchObject({ eta: 500, retryAfter: 1_000 });
  });

  it('is granted nothing any more, though its model turns out to be ready in that very turn: it may come again at once', () => {
    const driver = aDriver();
    const [request, other] = [driver.resolve('a', { wait: 2_000 }), driver.resolve('a', { wait: 2_001 })];
    driver.now += 2_000;
    driver.loadEnds('a', 't');
    expect(driver.refusalOf(request)).toEqual({
      reason: 'loading',
      phase: 'loading',
      eta: 0,
      retryAfter: 1_000,
      position: 0,
    });
    expect(driver.answerTo(other)).toBe('t');
  });

  it('is granted what is warm where it would not wait at all, however late its turn comes', () => {
    const driver = aDriver().warm('a', 't');
    expect(driver.answerTo(driver.resolve('a', { wait: 0 }))).toBe('t');
    expect(driver.answerTo(driver.resolve('a', { wait: 0, ago: 5 }))).toBe('t');
    expect(driver.answerTo(driver.resolve('b', { wait: 0, ago: 5 }))).toBe('loading');
  });

  it('is told of the end of the line where no job of its model stands in it', () => {
    const driver = new CoreDriver().declare(...NAMES.map((name) => aModel(name)));
    driver.serve(aServer('t', [99]), NAMES);
    driver.fleet.limits = { ...driver.fleet.limits, loadsPerServer: 1 };
    for (const name of NAMES) driver.loadsTake(name, 8_000);
    for (const name of ['a', 'b']) driver.resolve(name);
    expect(driver.refusalOf(driver.resolve('c', { wait: 0 }))).toEqual({
      reason: 'loading',
      phase: 'waiting',
      eta: 24_000,
      retryAfter: 24_000,
      position: 0,
    });
  });

  it('leaves best-effort demand behind only where it would not wait at all', () => {
    const driver = aDriver();
    driver.resolve('a', { wait: 500 });
    driver.pass(500);
    expect(driver.fleet.bestEffort.size).toBe(0);
    driver.resolve('b', { wait: 0 });
    expect([...driver.fleet.bestEffort.keys()]).toEqual(['b']);
  });

  it('is told that there is no server where all are slow to answer', () => {
    const driver = aDriver();
    driver.tell({ kind: 'LookFailed', server: aServer('t').id, why: 'timed_out' });
    const request = driver.resolve('a', { wait: 2_000 });
    driver.pass(1_999);
    expect(driver.answerTo(request)).toBe('waiting');
    driver.pass(1);
    expect(driver.refusalOf(request)).toEqual({ reason: 'no_server', retryAfter: 1_000 });
  });

  it('is told of the load that is under way, though its server is slow to answer by then', () => {
    const driver = aDriver();
    const request = driver.resolve('a', { wait: 2_000 });
    driver.tell({ kind: 'LookFailed', server: aServer('t').id, why: 'timed_out' });
    driver.pass(2_000);
    expect(driver.refusalOf(request)).toMatchObject({ reason: 'loading', phase: 'loading' });
  });

  it('is told that its model is unknown, though the indexes have not been read again yet', () => {
    const driver = aDriver();
    driver.pass(1_000);
    driver.fleet.servers.get(aServer('t').id)!.looking = 'full';
    const request = driver.resolve('nobody', { wait: 500 });
    expect(driver.answerTo(request)).toBe('waiting');
    driver.pass(500);
    expect(driver.refusalOf(request)).toEqual({ reason: 'unknown_model', retryAfter: null });
  });
});

describe('a process that goes', () => {
  it('sends all requests away for a second', () => {
    const driver = aDriver();
    const request = driver.resolve('a');
    driver.tell({ kind: 'ShutdownBegun', reason: 'shutting_down' });
    expect(driver.refusalOf(request)).toEqual({ reason: 'shutting_down', retryAfter: 1_000 });
  });
});

describe('servers that may not be declared yet', () => {
  it('make no refusal last: neither of an unknown name, nor of what fits nowhere else', () => {
    const driver = new CoreDriver()
      .declare(aModel('a'))
      .serve(aServer('t', [10]), ['a', 'huge'])
      .declare(aModel('huge', { gpuBytes: 1_000 }));
    driver.tell({ kind: 'ServersAwaited', isAwaited: true });
    driver.pass(10_000);
    const asked = [driver.resolve('nowhere'), driver.resolve('huge')];
    driver.pass(1_000);
    expect(asked.map((request) => driver.answerTo(request))).toEqual(['no_server', 'no_server']);
    driver.tell({ kind: 'ServersAwaited', isAwaited: false });
    const again = [driver.resolve('nowhere'), driver.resolve('huge')];
    driver.pass(1_000);
    expect(again.map((request) => driver.answerTo(request))).toEqual(['unknown_model', 'infeasible']);
  });
});
