import { expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { Shelf } from '../../../../test/support/shelf.js';

it('a lease of an earlier life holds for what is found, and an unload waits for its end', () => {
  const driver = new CoreDriver().declare(aModel('a'));
  const server = aServer('t', [10], { strangers: 'adopt' });
  driver.tell(
    { kind: 'ServerDeclared', server },
    {
      kind: 'LeasesRemembered',
      server: server.id,
      leases: [{ model: aModel('a').id, until: driver.now + 200_000 }],
    },
  );
  const shelf = new Shelf();
  shelf.set('a', 'READY');
  driver.shelves.set('t', shelf);
  driver.tell({ kind: 'ContactChanged', server: server.id, fact: 'connected' });
  driver.pass(10_000);
  driver.tell({ kind: 'UnloadOrdered', model: aModel('a').id, force: false });
  driver.pass(185_000);
  expect(driver.phase('a', 't')).toBe('draining');
  driver.pass(10_000);
  expect(driver.orders()).toEqual(['unload a@t']);
});
