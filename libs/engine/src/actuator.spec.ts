import { describe, expect, it } from '@jest/globals';
import { aModel, aServer } from '../../../test/support/core-driver.js';
import { type Action, type ContactFact, type Event, type OrderId, replicaId } from '#core';
import { Actuator } from './actuator.js';
import { Notebook } from './notebook.js';
import type { Learned } from './ports/learned.js';
import type { ModelServer } from './ports/model-server.js';

const SERVER = aServer('t').id;
const A = aModel('a').id;
const ON_T = { server: SERVER, model: A, replica: replicaId(A, SERVER), order: 'o1' as OrderId } as const;
const LOAD = { kind: 'load', ...ON_T, config: null, timeout: 1_000, coLoaded: [], cause: 'asked' } as const;
const ORDERS: readonly Extract<Action, { kind: 'load' | 'unload' | 'look' | 'probe' }>[] = [
  LOAD,
  { kind: 'unload', ...ON_T, cause: 'idle', makesRoomFor: null },
  { kind: 'look', server: SERVER, scope: 'full', probeMode: false },
  { kind: 'probe', server: SERVER },
];

const store: Learned = {
  read: () => Promise.reject(new Error('nothing is read here')),
  write: () => Promise.resolve(),
};

/** A server of which every call fails before it has begun. */
function broken(): ModelServer {
  const fail = (): never => {
    throw new Error('broken');
  };
  return {
    load: fail,
    unload: fail,
    look: fail,
    describe: fail,
    probe: fail,
    watch: () => undefined,
    close: () => undefined,
  };
}

function anActuator(
  server: ModelServer,
  learned = store,
  mayAct = () => true,
  now = () => 0,
): { actuator: Actuator; reports: Event[] } {
  const reports: Event[] = [];
  const actuator = new Actuator(new Notebook(learned), (event) => reports.push(event), {
    clock: { now },
    leadership: { mayAct },
    observers: [],
    store: { failure: null },
  });
  actuator.link(SERVER, () => server);
  return { actuator, reports };
}

const rest = (): Promise<void> => new Promise((done) => setImmediate(done));

describe('an actuator', () => {
  it('reports each order once, also where a call throws', async () => {
    const { actuator, reports } = anActuator(broken());
    for (const order of ORDERS) actuator.carryOut(order);
    await rest();
    expect(reports.toSorted((a, b) => a.kind.localeCompare(b.kind))).toMatchObject([
      { kind: 'ContactChanged', fact: 'probe_timed_out' },
      { kind: 'LoadEnded', outcome: { kind: 'unknown' } },
      { kind: 'LookFailed', why: 'nonsense' },
      { kind: 'UnloadEnded', outcome: { kind: 'unknown' } },
    ]);
  });

  it('sends no load and no unload that may not be sent any more once it is written down', async () => {
    const calls: string[] = [];
    const server = {
      ...broken(),
      load: () => (calls.push('load'), Promise.resolve([])),
      unload: () => (calls.push('unload'), Promise.resolve()),
    };
    let written: () => void = () => undefined;
    const slow: Learned = { ...store, write: () => new Promise((done) => (written = done)) };
    let mayAct = true;
    const { actuator, reports } = anActuator(server, slow, () => mayAct);
    actuator.carryOut(LOAD);
    mayAct = false;
    written();
    actuator.carryOut(ORDERS[1]!);
    await rest();
    expect(calls).toEqual([]);
    expect(reports.toSorted((a, b) => a.kind.localeCompare(b.kind))).toMatchObject([
      { kind: 'LoadEnded', outcome: { kind: 'unsent' } },
      { kind: 'UnloadEnded', outcome: { kind: 'unsent' } },
    ]);
  });

  it.each([
    [400, [600], 'succeeded'],
    [1_000, [], 'unsent'],
  ])('sends a load that took %i ms to write down with what is left of its time', async (took, left, kind) => {
    const within: number[] = [];
    const server: ModelServer = {
      ...broken(),
      load: (_model, _config, timeout) => (within.push(timeout), Promise.resolve([])),
    };
    let now = 0;
    const slow: Learned = { ...store, write: async () => void (now += took) };
    const { actuator, reports } = anActuator(server, slow, undefined, () => now);
    actuator.carryOut(LOAD);
    await rest();
    expect([within, reports]).toMatchObject([left, [{ kind: 'LoadEnded', outcome: { kind } }]]);
  });

  it('goes on to look at servers where it may not act, and does not find out their mode by an unload', async () => {
    const looks: boolean[] = [];
    const look = (_: unknown, probesMode: boolean) => (
      looks.push(probesMode),
      Promise.reject(new Error('no'))
    );
    let mayAct = false;
    const { actuator } = anActuator({ ...broken(), look }, store, () => mayAct);
    actuator.carryOut({ kind: 'look', server: SERVER, scope: 'full', probeMode: true });
    mayAct = true;
    actuator.carryOut({ kind: 'look', server: SERVER, scope: 'full', probeMode: true });
    await rest();
    expect(looks).toEqual([false, true]);
  });

  it('sends no load over a later connection than it was decided for: another process may listen', async () => {
    const calls: string[] = [];
    let tell: (fact: ContactFact) => void = () => undefined;
    const server: ModelServer = {
      ...broken(),
      load: () => (calls.push('load'), Promise.resolve([])),
      watch: (listener) => (tell = listener),
    };
    let written: () => void = () => undefined;
    const slow: Learned = { ...store, write: () => new Promise((done) => (written = done)) };
    const { actuator, reports } = anActuator(server, slow);
    actuator.carryOut(LOAD);
    tell('ended');
    tell('connected');
    written();
    await rest();
    expect(calls).toEqual([]);
    expect(reports).toMatchObject([
      { fact: 'ended' },
      { fact: 'connected' },
      { kind: 'LoadEnded', outcome: { kind: 'unsent' } },
    ]);
  });

  describe('of which a connection is made anew', () => {
    it('reports how an order over the old one ended, and nothing that was asked over it', async () => {
      const ends: ((error: Error) => void)[] = [];
      const never = <Result>(): Promise<Result> => new Promise((_, fails) => ends.push(fails));
      const { actuator, reports } = anActuator({ ...broken(), load: never, unload: never, look: never });
      for (const order of ORDERS) actuator.carryOut(order);
      await rest();
      reports.length = 0;
      actuator.unlink(SERVER);
      actuator.link(SERVER, broken);
      for (const end of ends) end(new Error('closed'));
      await rest();
      expect(reports.toSorted((a, b) => a.kind.localeCompare(b.kind))).toMatchObject([
        { kind: 'LoadEnded', outcome: { kind: 'unknown' } },
        { kind: 'UnloadEnded', outcome: { kind: 'unknown' } },
      ]);
    });

    it('sends no load over either that was still being written down: another process may listen', async () => {
      const calls: string[] = [];
      const server = (name: string): ModelServer => ({
        ...broken(),
        load: () => (calls.push(name), Promise.resolve([])),
      });
      let written: () => void = () => undefined;
      const slow: Learned = { ...store, write: () => new Promise((done) => (written = done)) };
      const { actuator, reports } = anActuator(server('old'), slow);
      actuator.carryOut(LOAD);
      actuator.unlink(SERVER);
      actuator.link(SERVER, () => server('new'));
      written();
      await rest();
      expect(calls).toEqual([]);
      expect(reports).toMatchObject([{ kind: 'LoadEnded', outcome: { kind: 'unsent' } }]);
    });
  });
});
