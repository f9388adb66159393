import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { nameSchema } from '#config';
import { AUDIT_CHAINS, AUDIT_KINDS, type AuditPageMessage, type AuditRecordMessage } from '#contracts';
import { CallerGone } from '../../transport/limits/caller-gone.js';
import { invalid } from '../../transport/errors/refused.js';
import { AROUND_ITEM, PAGE_BYTES, pageKeys, pagesAtATime, TOKEN_RULE } from '../../transport/lists/pages.js';
import { Audit } from './audit.js';

/** Records read for one page, at most: a rare name is found over several pages. */
const MAX_LOOKED_AT = 10_000;

/** How the audit may be asked for. */
export const auditListSchema = z.strictObject({
  ...pageKeys,
  chain: z
    .enum(AUDIT_CHAINS, { error: `must be one of ${AUDIT_CHAINS.join(', ')}` })
    .default('admins')
    .describe('`admins`: what credentials of the role admin asked for. `programs`: all else.'),
  kind: z
    .enum(AUDIT_KINDS, { error: `must be one of ${AUDIT_KINDS.join(', ')}` })
    .optional()
    .describe('Only records about this kind of thing.'),
  name: nameSchema.optional().describe('Only records about the model, server or dead letter of this name.'),
});

export type AuditListQuery = z.infer<typeof auditListSchema>;

/** Tells the audit, the newest record first. Records are read one by one: other work has its turn after each. */
@Injectable()
export class AuditList {
  private readonly pages = pagesAtATime();

  constructor(@Inject(Audit) private readonly audit: Audit) {}

  /** A page of it. Throws `queue_full` where too many pages are being read, and `CallerGone` once the caller has gone. */
  async page(query: AuditListQuery, signal: AbortSignal): Promise<AuditPageMessage> {
    const giveBack = this.pages.take();
    try {
      return await pageOf(this.audit, query, signal);
    } finally {
      giveBack();
    }
  }
}

async function pageOf(audit: Audit, query: AuditListQuery, signal: AbortSignal): Promise<AuditPageMessage> {
  const { chain } = query;
  const { first, next, hash } = await audit.head(chain);
  const head = { first: String(first), newest: String(next - 1), hash };
  const newest = Math.min(query.pageToken ? numberIn(query.pageToken) : next, next) - 1;
  const oldest = Math.max(first, newest - MAX_LOOKED_AT + 1);
  const items: AuditRecordMessage[] = [];
  let bytes = 0;
  for (let number = newest; number >= oldest; number -= 1) {
    if (signal.aborted) throw new CallerGone();
    const record = await audit.record(chain, number);
    // Dropped meanwhile, or lost by a Redis that has those before it.
    if (record === undefined || !passes(record, query)) continue;
    bytes += Buffer.byteLength(JSON.stringify(record)) + AROUND_ITEM;
    const isFull = items.length === query.pageSize || (items.length > 0 && bytes > PAGE_BYTES);
    if (isFull) return { items, nextPageToken: tokenOf(number + 1), head };
    items.push(record);
  }
  return { items, nextPageToken: oldest > first ? tokenOf(oldest) : '', head };
}

const passes = (record: AuditRecordMessage, { kind, name }: AuditListQuery): boolean =>
  [record, ...(record.others ?? [])].some(
    ({ subject }) => (kind ?? subject.kind) === subject.kind && (name ?? subject.name) === subject.name,
  );

/** A token has the number of a record: the next page begins with the one before. */
const tokenOf = (number: number): string => Buffer.from(String(number)).toString('base64url');

function numberIn(token: string): number {
  const text = Buffer.from(token, 'base64url').toString();
  if (/^[1-9][0-9]{0,14}$/.test(text)) return Number(text);
  throw invalid([{ path: 'pageToken', rule: TOKEN_RULE }]);
}
