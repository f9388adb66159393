import { beforeEach, describe, expect, it } from '@jest/globals';
import { completeServer } from '#config';
import { aModel, aServer, CoreDriver } from '../../../../../test/support/core-driver.js';
import { WallTimes } from '../../transport/wall-times.js';
import { ServerRemoval } from './server-removal.js';
import { Registry } from './registry.js';

const T = aServer('t');
const WITHIN = 60_000;

describe('servers that are gone from DNS', () => {
  let driver: CoreDriver;
  let registry: Registry;
  let removal: ServerRemoval;
  let forgotten: string[];

  beforeEach(() => {
    driver = new CoreDriver().declare(aModel('m')).serve(aServer('t', [10]), ['m']);
    registry = new Registry([], new Map());
    forgotten = [];
    const { fleet } = driver;
    const engine = { fleet, now: () => driver.now, tell: driver.tell.bind(driver) };
    const times = new WallTimes(
      () => driver.now,
      () => driver.now,
    );
    const links = { forget: () => undefined };
    removal = new ServerRemoval(engine as never, registry, links as never, times, (id) => forgotten.push(id));
  });

  const dnsSays = (leaveMs: number | null): void => {
    registry.setFound([{ config: completeServer('t', 'discovered', { grpc: 't:1' }), leaveMs }]);
    removal.letGo();
  };
  const drain = () => driver.fleet.servers.get(T.id)!.drain;

  it('are drained with a deadline, and forgotten once nothing is left on them', () => {
    driver.resolve('m', { lease: 600_000 });
    driver.loadEnds('m', 't');
    dnsSays(WITHIN);
    expect(drain()).toEqual({ since: driver.now, deadline: driver.now + WITHIN });
    driver.pass(WITHIN);
    removal.letGo();
    expect(forgotten).toEqual([]);
    driver.pass(11_000);
    removal.letGo();
    expect([forgotten, registry.get('t')]).toEqual([['t'], undefined]);
  });

  it('stay where DNS has them again', () => {
    driver.resolve('m', { lease: 600_000 });
    driver.loadEnds('m', 't');
    dnsSays(WITHIN);
    dnsSays(null);
    expect([drain(), forgotten]).toEqual([null, []]);
  });

  it('stay until DNS has them again where an admin takes the drain back', () => {
    driver.resolve('m', { lease: 600_000 });
    driver.loadEnds('m', 't');
    dnsSays(WITHIN);
    driver.tell({ kind: 'DrainEnded', server: T.id });
    removal.stay('t');
    driver.pass(2 * WITHIN);
    removal.letGo();
    expect([drain(), forgotten]).toEqual([null, []]);
    dnsSays(null);
    dnsSays(WITHIN);
    expect(drain()?.deadline).toBe(driver.now + WITHIN);
  });

  it('are drained on where what else had them drained is over, as an alert that is resolved', () => {
    driver.resolve('m', { lease: 600_000 });
    driver.loadEnds('m', 't');
    dnsSays(WITHIN);
    const deadline = driver.now + WITHIN;
    driver.tell({ kind: 'DrainEnded', server: T.id });
    removal.letGo();
    expect([drain()?.deadline, forgotten]).toEqual([deadline, []]);
  });

  it.each([
    ['an earlier deadline', 20_000, 20_000],
    ['a later one', 120_000, WITHIN],
    ['none', null, WITHIN],
  ])('are to be empty by the earlier deadline where they are drained already, with %s', (_, ms, within) => {
    const deadline = ms === null ? null : new Date(driver.now + ms).toISOString();
    registry.set('t', { revision: 1, spec: null, drain: { deadline } });
    dnsSays(WITHIN);
    expect(drain()?.deadline).toBe(driver.now + within);
  });

  it('have the time that DNS leaves them also where a drain without a deadline is ordered later', () => {
    driver.resolve('m', { lease: 600_000 });
    driver.loadEnds('m', 't');
    dnsSays(WITHIN);
    const deadline = driver.now + WITHIN;
    driver.tell({ kind: 'DrainOrdered', server: T.id, deadline: null });
    driver.pass(1_000);
    removal.letGo();
    expect(drain()).toEqual({ since: driver.now, deadline });
    driver.pass(1_000);
    removal.letGo();
    expect(drain()?.since).toBe(driver.now - 1_000);
  });

  it('are given their time, and no more, where they were never reached', () => {
    driver.tell({ kind: 'ServerWithdrawn', server: T.id }, { kind: 'ServerDeclared', server: T });
    dnsSays(WITHIN);
    driver.pass(WITHIN);
    removal.letGo();
    expect(forgotten).toEqual([]);
    driver.pass(11_000);
    removal.letGo();
    expect(forgotten).toEqual(['t']);
  });
});
