import { describe, it } from '@jest/globals';
import { holds } from '../../../../test/support/core-histories.js';
import { type Fleet, type ReplicaId, routeRow } from '../index.js';

const rowsOf = (fleet: Fleet): ReadonlyMap<ReplicaId, string> =>
  new Map(
    [...fleet.replicas.keys()].flatMap((id) => {
      const row = routeRow(fleet, id);
      return row ? [[id, JSON.stringify({ ...row, leasesEndBy: String(row.leasesEndBy) })] as const] : [];
    }),
  );

describe('the table of routes, whatever is told', () => {
  it('has another revision with every row that comes, goes or changes, which is among the rerouted', () => {
    const before = new WeakMap<Fleet, { rows: ReadonlyMap<ReplicaId, string>; revision: number }>();
    holds((fleet) => {
      const was = before.get(fleet) ?? { rows: new Map(), revision: 0 };
      const rows = rowsOf(fleet);
      before.set(fleet, { rows, revision: fleet.routesRevision });
      const changed = [...new Set([...rows.keys(), ...was.rows.keys()])].filter(
        (id) => rows.get(id) !== was.rows.get(id),
      );
      if (changed.length === 0) return true;
      return fleet.routesRevision > was.revision && changed.every((id) => fleet.rerouted.has(id));
    });
  });
});
