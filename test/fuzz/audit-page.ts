import 'reflect-metadata';
import { auditListSchema, AuditList } from '../../apps/scheduler/src/admin/audit/audit-list.js';
import { Refused } from '../../apps/scheduler/src/transport/errors/refused.js';
import type { Audit } from '../../apps/scheduler/src/admin/audit/audit.js';

/** So many records there are, the first of them numbered 1. */
const RECORDS = 20;
const audit = {
  head: async () => ({ first: 1, next: RECORDS + 1, hash: '0'.repeat(64) }),
  record: async (_: string, number: number) =>
    number >= 1 && number <= RECORDS
      ? { number: String(number), subject: { kind: 'freeze', name: null } }
      : undefined,
};
const list = new AuditList(audit as unknown as Audit);
const { signal } = new AbortController();

/** Any token leads to a page of records that there are, or is refused. */
export async function fuzz(data: Buffer): Promise<void> {
  const text = data.toString();
  for (const pageToken of [text, Buffer.from(text).toString('base64url')]) {
    const query = auditListSchema.safeParse({ pageSize: '3', pageToken });
    if (!query.success) continue;
    const page = await list.page(query.data, signal).catch((error: unknown) => {
      if (error instanceof Refused) return { items: [] };
      throw error;
    });
    if (page.items.length > 3) throw new Error(`too long a page for ${JSON.stringify(pageToken)}`);
  }
}
