import { type AuditRecordMessage, auditRecordSchema, pageSchema } from '#contracts';
import { ask, type Filters } from './answers.js';
import { AuditChain } from './audit-chain.js';
import { Failed } from './failures.js';
import { counted } from './in-short.js';
import { table } from './table.js';
import { jsonLines } from './terminal.js';
import type { Work } from './work.js';

/** What narrows the list, and how long it is at most. */
export interface AuditOptions {
  readonly last: number;
  readonly kind?: string;
  readonly name?: string;
}

const LARGEST_PAGE = 1_000;
/** So many pages are read at most. */
const MOST_PAGES = 1_000;

/** `audit`: which caller changed what. */
export async function listAudit(work: Work, { last, kind, name }: AuditOptions): Promise<void> {
  const filters = Object.entries({ kind, name }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const records: AuditRecordMessage[] = [];
  for await (const page of pagesOf(work, Math.min(last, LARGEST_PAGE), filters)) {
    records.push(...page.slice(0, last - records.length));
    if (records.length === last) break;
  }
  work.terminal.out(work.isJson ? jsonLines(records) : tableOf(records));
  if (records.length === 0) work.terminal.err(['no records']);
}

/** `audit verify`: throws where a record is missing, or is not the one that the next record names. */
export async function verifyAudit(work: Work): Promise<void> {
  const chain = new AuditChain();
  for await (const page of pagesOf(work, LARGEST_PAGE)) for (const record of page) chain.takeOlder(record);
  const [newest] = await firstPage(work);
  const { records, oldest, latest, hash, broken } = chain.end(newest ?? null);
  if (broken !== null) throw new Failed(`the audit is broken: ${broken}`);
  if (work.isJson) return work.terminal.out(jsonLines({ records, oldest, newest: latest, hash }));
  const range = latest === null ? '' : `, number ${oldest} to ${latest}`;
  const lines = [`${counted(records, 'record')}${range}: each follows the one before`];
  work.terminal.out(hash === null ? lines : [...lines, `the hash of the newest is ${hash}`]);
}

/** The newest record alone. */
async function firstPage(work: Work): Promise<readonly AuditRecordMessage[]> {
  for await (const page of pagesOf(work, 1)) return page;
  return [];
}

async function* pagesOf(
  work: Work,
  pageSize: number,
  filters: Filters = [],
): AsyncGenerator<readonly AuditRecordMessage[]> {
  const asking = work.asking();
  const query = new URLSearchParams(filters.map(([name, value]): [string, string] => [name, value]));
  query.set('pageSize', String(pageSize));
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const question = { method: 'GET', path: `/v1/audit?${query.toString()}` } as const;
    const { items, nextPageToken } = await ask(asking, question, pageSchema(auditRecordSchema));
    yield items;
    if (nextPageToken === '') return;
    query.set('pageToken', nextPageToken);
  }
  throw new Failed(`the audit has more than ${MOST_PAGES} pages`);
}

function tableOf(records: readonly AuditRecordMessage[]): string[] {
  if (records.length === 0) return [];
  return table(
    [
      { title: 'NUMBER', cell: ({ number }) => number },
      { title: 'AT', cell: ({ at }) => at },
      { title: 'CREDENTIAL', cell: ({ credential }) => credential },
      { title: 'FROM', cell: ({ source }) => (source ? `${source.over} ${source.address ?? ''}` : '') },
      { title: 'OPERATION', cell: ({ operation, forced }) => (forced ? `${operation} (forced)` : operation) },
      { title: 'SUBJECT', cell: ({ subject }) => `${subject.kind} ${subject.name ?? ''}`.trim() },
      { title: 'REVISION', cell: revisions },
    ],
    records,
  );
}

function revisions({ revisionBefore, revisionAfter }: AuditRecordMessage): string {
  return revisionBefore === revisionAfter ? (revisionAfter ?? '') : `${revisionBefore} -> ${revisionAfter}`;
}
