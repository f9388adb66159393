import { createHash } from 'node:crypto';
import { z } from 'zod';
import { canonical } from './canonical.js';
import { pageSchema } from './messages.js';

const digits = z.string().regex(/^[0-9]+$/);

/** What a record may be about. */
export const AUDIT_KINDS = ['model', 'server', 'freeze', 'dead_letter', 'warmup'] as const;

/** The lists of the audit. Each is a chain and has bounds of its own: a small right cannot push out what admins did. */
export const AUDIT_CHAINS = ['admins', 'programs'] as const;

const hash = z.string().regex(/^[0-9a-f]{64}$/);

/** A thing that was changed or ordered about. */
const thing = {
  forced: z.boolean().describe('Whether it was an order to unload in spite of leases.'),
  subject: z
    .strictObject({ kind: z.enum(AUDIT_KINDS), name: z.string().nullable() })
    .describe('What was changed or ordered about. A freeze has no name.'),
  revisionBefore: digits.nullable(),
  revisionAfter: digits
    .nullable()
    .describe('As before where an order declares nothing; null where there are no revisions.'),
};

/** A record of the audit as it is told: what one write changed or ordered. It is stored in this form. */
export const auditRecordSchema = z.strictObject({
  number: digits.describe('Rises by one with every record; the first is 1.'),
  at: z.string().meta({ format: 'date-time', description: 'RFC 3339, UTC.' }),
  credential: z
    .string()
    .describe('The name of the credential that wrote; `berth` where no request asked for it.'),
  source: z
    .strictObject({ over: z.enum(['http', 'grpc']), address: z.string().nullable() })
    .nullable()
    .describe(
      'The interface that took the write, and the address of its caller; null where no request asked.',
    ),
  operation: z.string().describe('Method and path, as over HTTP.'),
  ...thing,
  others: z.array(z.strictObject(thing)).exactOptional().describe('Further things of the same write.'),
  more: z.int().min(1).exactOptional().describe('How many things of the same write are not named.'),
  previousHash: hash.describe(
    'SHA-256 of the record before as JSON of RFC 8785, in hex; zeros in the first record.',
  ),
});

export type AuditRecordMessage = z.infer<typeof auditRecordSchema>;

/** A page of the audit, and where the chain stands: by that a record that is missing at either end is noticed. */
export const auditPageSchema = pageSchema(auditRecordSchema).extend({
  head: z.strictObject({
    first: digits.describe('The number of the oldest record that is kept.'),
    newest: digits.describe('The number of the newest record; 0 where there was none.'),
    hash: hash.describe('The hash of the newest record.'),
  }),
});

export type AuditPageMessage = z.infer<typeof auditPageSchema>;

/** What the first record has in the place of the hash of the one before. */
export const NO_HASH = '0'.repeat(64);

/** The hash of a record, for the one after it: SHA-256 in hex of its JSON as RFC 8785 says. */
export function auditHash(record: object): string {
  return createHash('sha256').update(canonical(record)).digest('hex');
}
