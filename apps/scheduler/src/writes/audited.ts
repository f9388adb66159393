import type { ToldAudit, ToldChange } from '#engine';
import type { Audited } from '../audit/audit.js';
import type { AskedFor } from './answers.js';

/** The thing that a write is about, and its revisions. */
type Subject = Pick<ToldAudit, 'subject' | 'revisionBefore' | 'revisionAfter'>;

/** An order about a model, which declares nothing. */
export interface Ordered {
  readonly model: string;
  readonly revision: number;
}

/** What the audit says of a write: a record for each thing that it declares, and one for what it orders. */
export function auditedBy(
  { method, path, caller }: AskedFor,
  changes: readonly ToldChange[],
  ordered?: Ordered,
): Audited[] {
  const by = { credential: caller.credential, source: caller.source ?? null, operation: `${method} ${path}` };
  const subjects = [...declaredIn(changes), ...(ordered ? [orderedOf(ordered)] : [])];
  return subjects.map((subject) => ({ ...by, ...subject }));
}

/** The same of a write that no request asked for; nothing where it declares nothing. */
export function auditedOfOurs(changes: readonly ToldChange[]): Audited[] {
  const by = { credential: 'berth', source: null, operation: 'upkeep' };
  return declaredIn(changes).map((subject) => ({ ...by, ...subject }));
}

function declaredIn(changes: readonly ToldChange[]): Subject[] {
  return changes.flatMap((change): Subject[] => {
    switch (change.kind) {
      case 'model':
        return [{ subject: { kind: 'model', name: change.name }, ...revisions(change.value) }];
      case 'server':
        return [{ subject: { kind: 'server', name: change.id }, ...revisions(change.value) }];
      case 'freeze':
        return [{ subject: { kind: 'freeze', name: null }, revisionBefore: null, revisionAfter: null }];
      case 'orders':
      case 'answer':
      case 'audit':
      case 'auditHead':
        return [];
    }
  });
}

function orderedOf({ model, revision }: Ordered): Subject {
  const told = String(revision);
  return { subject: { kind: 'model', name: model }, revisionBefore: told, revisionAfter: told };
}

/** A revision rises by one with every write. */
function revisions(value: { readonly revision: number } | null): Omit<Subject, 'subject'> {
  if (value === null) return { revisionBefore: null, revisionAfter: null };
  return { revisionBefore: String(value.revision - 1), revisionAfter: String(value.revision) };
}
