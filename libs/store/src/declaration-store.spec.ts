import { describe, expect, it } from '@jest/globals';
import type { AuditRow } from '#engine';
import { MemoryRows } from '#triton-simulator';
import { openStore } from './index.js';

describe('what is kept of the audit', () => {
  it.each([
    ['admins', 'told/audit/', 'head'],
    ['programs', 'told/audit-programs/', 'programs'],
  ] as const)(
    'of %s is told record by record, and so is what makes no sense in it',
    async (chain, prefix, name) => {
      const other = chain === 'admins' ? 'programs' : 'admins';
      const head = { first: 7, next: 8, hash: 'f'.repeat(64) };
      const value: AuditRow = {
        ...{ number: '7', at: '2026-01-31T12:00:00Z', credential: 'gw', operation: 'PUT /v1/fleet/frozen' },
        ...{ source: { over: 'grpc', address: null }, subject: { kind: 'freeze', name: null } },
        ...{ revisionBefore: null, revisionAfter: null, forced: false, previousHash: '0'.repeat(64) },
        others: [
          { subject: { kind: 'server', name: 'a' }, revisionBefore: '1', revisionAfter: '2', forced: true },
        ],
        more: 3,
      };
      const texts = new Map<string, string>();
      const { declarations } = await openStore(new MemoryRows(texts), { fleet: 'berth' });
      expect(await declarations.auditHead(chain)).toBeUndefined();
      expect(await declarations.auditRecord(chain, 7)).toBeUndefined();
      await declarations.write([
        { kind: 'audit', chain, number: 7, value },
        { kind: 'auditHead', chain, value: head },
      ]);
      expect([await declarations.auditHead(chain), await declarations.auditRecord(chain, 7)]).toEqual([
        head,
        value,
      ]);
      expect([await declarations.auditHead(other), await declarations.auditRecord(other, 7)]).toEqual([
        undefined,
        undefined,
      ]);
      await declarations.write([{ kind: 'audit', chain, number: 7, value: null }]);
      expect(await declarations.auditRecord(chain, 7)).toBeUndefined();
      Object.entries({ [`told/audit-head/${name}`]: '{}', [`${prefix}0000000000000007`]: '7' }).forEach(
        ([key, text]) => texts.set(key, text),
      );
      const spoiled = (await openStore(new MemoryRows(texts), { fleet: 'berth' })).declarations;
      await expect(spoiled.auditHead(chain)).rejects.toMatchObject({ reason: 'damaged' });
      await expect(spoiled.auditRecord(chain, 7)).rejects.toMatchObject({ reason: 'damaged' });
    },
  );
});
