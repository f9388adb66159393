import { Audit } from '../../apps/scheduler/src/admin/audit/audit.js';

/** An audit that begins with its first record, for writes whose records are of no interest. */
export function emptyAudit(): Audit {
  const store = { auditHead: async () => undefined, auditRecord: async () => undefined };
  return new Audit({ store, wallNow: () => 0 });
}
