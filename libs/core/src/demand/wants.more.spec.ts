import { Now } from '#core';
import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { PINNED, rankOf } from './rank.js';
import { wantFor } from './wants.js';

const A = aModel('a').id;

/** `a` is nowhere, and its only server is slow to answer. */
function aDriver(): CoreDriver {
  const driver = new CoreDriver().declare(aModel('a')).serve(aServer('t'), ['a']);
  driver.tell({ kind: 'LookFailed', server: aServer('t').id, why: 'timed_out' });
  return driver;
}

/** A server with room for one copy comes, and that is loaded. */
function there(driver: CoreDriver): CoreDriver {
  driver.serve(aServer('u', [4]), ['a']);
  if (!driver.isLoading('a', 'u')) driver.resolve('a');
  driver.loadEnds('a', 'u');
  return driver;
}

describe('one copy more', () => {
  const wantIn = ({ fleet, now }: CoreDriver) => wantFor(fleet, fleet.models.get(A)!, new Now(now));

  it('would be of the rank of the requests that wait for it, else of the class of its model', () => {
    const driver = aDriver();
    expect(wantIn(driver)).toMatchObject({ rank: rankOf('default'), isExtra: false, since: driver.now });
    driver.resolve('a', { class: 'critical' });
    expect(wantIn(driver)).toMatchObject({ rank: rankOf('critical'), isExtra: false });
  });

  it('would be for a pin only where that lacks it', () => {
    const driver = aDriver();
    driver.declare(aModel('a', { pinnedCopies: 1 }));
    expect(wantIn(driver)).toMatchObject({ rank: PINNED });
    there(driver);
    expect(wantIn(driver)).toMatchObject({ rank: rankOf('default'), isExtra: false });
  });
});
