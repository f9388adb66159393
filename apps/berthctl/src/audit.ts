import { type AuditPageMessage, auditPageSchema, type AuditRecordMessage, counted, table } from '#contracts';
import { ask, type Filters } from './answers.js';
import { AuditChain, type AuditHead, type AuditVerdict } from './audit-chain.js';
import { Failed } from './failures.js';
import { jsonLines } from './terminal.js';
import type { Work } from './work.js';

/** What narrows the list, and how long it is at most. */
export interface AuditOptions {
  readonly last: number;
  readonly chain?: string;
  readonly kind?: string;
  readonly name?: string;
}

const LARGEST_PAGE = 1_000;
/** Bound of pages that are read. */
const MAX_PAGES = 1_000;

const NOT_COMPARED =
  'this Berth does not say where its audit begins and ends: records that are missing there are not noticed';

/** `audit`: which caller changed what. */
export async function listAudit(work: Work, { last, chain, kind, name }: AuditOptions): Promise<void> {
  const filters = Object.entries({ chain, kind, name }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const records: AuditRecordMessage[] = [];
  for await (const { items } of pagesOf(work, Math.min(last, LARGEST_PAGE), filters)) {
    records.push(...items.slice(0, last - records.length));
    if (records.length === last) break;
  }
  work.terminal.out(work.isJson ? jsonLines(records) : tableOf(records));
  if (records.length === 0) work.terminal.err(['no records']);
}

/** `audit verify`: throws where a record is missing, or is not the one that was written. */
export async function verifyAudit(work: Work): Promise<void> {
  const admins = await verdictOn(work, 'admins', []);
  // A Berth of before has one chain, of all records, and does not say where it stands.
  const programs = admins.compared ? await verdictOn(work, 'programs', [['chain', 'programs']]) : null;
  if (!admins.compared) work.terminal.err([NOT_COMPARED]);
  if (work.isJson) return work.terminal.out(jsonLines({ admins, programs }));
  work.terminal.out([...linesOf('admins', admins), ...(programs ? linesOf('programs', programs) : [])]);
}

type Verdict = Omit<AuditVerdict, 'broken'> & {
  /** Whether Berth says where the chain stands. */
  readonly compared: boolean;
};

async function verdictOn(work: Work, name: string, filters: Filters): Promise<Verdict> {
  const chain = new AuditChain();
  let before: AuditHead | undefined;
  for await (const { items, head } of pagesOf(work, LARGEST_PAGE, filters)) {
    before ??= head;
    for (const record of items) chain.takeOlder(record);
  }
  const { head: after } = await pageOf(work, queryOf(1, filters));
  const { broken, ...verdict } = chain.end(before, after);
  if (broken !== null) throw new Failed(`the audit of ${name} is broken: ${broken}`);
  return { ...verdict, compared: before !== undefined };
}

function linesOf(name: string, { records, oldest, newest, hash }: Verdict): string[] {
  const range = newest === null ? '' : `, number ${oldest} to ${newest}`;
  const line = `${name}: ${counted(records, 'record')}${range}: each follows the one before`;
  return hash === null ? [line] : [line, `the hash of the newest is ${hash}`];
}

/** A Berth of before tells no head. */
type Page = Omit<AuditPageMessage, 'head'> & { readonly head?: AuditHead | undefined };

async function* pagesOf(work: Work, pageSize: number, filters: Filters): AsyncGenerator<Page> {
  const query = queryOf(pageSize, filters);
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const page = await pageOf(work, query);
    yield page;
    if (page.nextPageToken === '') return;
    query.set('pageToken', page.nextPageToken);
  }
  throw new Failed(`the audit has more than ${MAX_PAGES} pages`);
}

function queryOf(pageSize: number, filters: Filters): URLSearchParams {
  const query = new URLSearchParams({ pageSize: String(pageSize) });
  for (const [name, value] of filters) query.set(name, value);
  return query;
}

function pageOf(work: Work, query: URLSearchParams): Promise<Page> {
  const question = { method: 'GET', path: `/v1/audit?${query.toString()}` } as const;
  return ask(work.asking(), question, auditPageSchema.partial({ head: true }));
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
      { title: 'SUBJECT', cell: subjects },
      { title: 'REVISION', cell: revisions },
    ],
    records,
  );
}

function subjects({ subject, others = [], more = 0 }: AuditRecordMessage): string {
  const further = others.length + more;
  return `${subject.kind} ${subject.name ?? ''}`.trim() + (further > 0 ? ` and ${further} more` : '');
}

function revisions({ revisionBefore, revisionAfter }: AuditRecordMessage): string {
  return revisionBefore === revisionAfter ? (revisionAfter ?? '') : `${revisionBefore} -> ${revisionAfter}`;
}
