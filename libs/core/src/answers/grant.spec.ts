import { describe, expect, it } from '@jest/globals';
import { aModel, aRequest, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { Event } from '../fleet/events.js';

const fleet = (): CoreDriver =>
  new CoreDriver().declare(aModel('a', { idleUnload: 60_000 })).serve(aServer('t', [10]), ['a']);

const ask = ({ now }: CoreDriver, id: string, avoid: readonly string[] = []): Event => ({
  kind: 'RequestArrived',
  request: aRequest(id, 'a', now, { avoid }),
});

const grants = (driver: CoreDriver) => driver.log.filter(({ kind }) => kind === 'grant');

describe('a route', () => {
  it('says how long was waited for it where the model had to be loaded', () => {
    const driver = fleet();
    driver.resolve('a');
    driver.pass(7_000);
    driver.loadEnds('a', 't');
    expect(grants(driver)).toMatchObject([{ cold: true, waited: 7_000 }]);
  });

  it('says that nothing was waited for where it was there', () => {
    const driver = fleet().warm('a', 't');
    driver.pass(7_000);
    driver.resolve('a');
    expect(grants(driver).at(-1)).toMatchObject({ cold: false, waited: 0 });
  });

  it('is given to requests that come after one that doubts the only copy', () => {
    const driver = fleet().warm('a', 't');
    driver.pass(7_000);
    const actions = driver.tell(ask(driver, 'doubts', ['t']), ask(driver, 'trusts'));
    expect(actions).toMatchObject([{ kind: 'grant', request: 'trusts' }]);
  });

  it('counts as use: from then on the replica is idle', () => {
    const driver = fleet().warm('a', 't');
    driver.pass(50_000);
    driver.resolve('a');
    driver.pass(50_000);
    expect(driver.phase('a', 't')).toBe('ready');
    driver.pass(15_000);
    expect(driver.orders()).toEqual(['load a@t', 'unload a@t']);
  });
});
