import type { ToldAudit, ToldChange } from '#engine';
import type { Audited } from '../audit/audit.js';
import type { AskedFor } from './answers.js';

/** The thing that a write is about, and its revisions. */
type Subject = Pick<ToldAudit, 'subject' | 'revisionBefore' | 'revisionAfter' | 'forced'>;

/** An order about a model or a warm-up, which declares nothing. */
export type Ordered =
  | {
      readonly model: string;
      readonly revision: number;
      /** Whether leases are to be skipped. */
      readonly isForced: boolean;
    }
  | { readonly warmup: string };

/** What the audit says of a write: a record for each thing that it declares, and one for what it orders. */
export function auditedBy(
  { method, path, caller }: AskedFor,
  changes: readonly ToldChange[],
  ordered: readonly Ordered[] = [],
): Audited[] {
  const by = { credential: caller.credential, source: caller.source ?? null, operation: `${method} ${path}` };
  const subjects = [...declaredIn(changes), ...ordered.map(orderedOf)];
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
        return [declared({ kind: 'model', name: change.name }, change.value)];
      case 'server':
        return [declared({ kind: 'server', name: change.id }, change.value)];
      case 'freeze':
        return [declared({ kind: 'freeze', name: null }, null)];
      case 'deadLetter':
        return change.orderedAbout === undefined
          ? []
          : [declared({ kind: 'dead_letter', name: change.orderedAbout }, null)];
      case 'event':
      case 'orders':
      case 'answer':
      case 'hook':
      case 'episode':
      case 'audit':
      case 'auditHead':
        return [];
    }
  });
}

/** A revision rises by one with every write. */
function declared(subject: ToldAudit['subject'], value: { readonly revision: number } | null): Subject {
  const after = value?.revision;
  if (after === undefined) return { subject, revisionBefore: null, revisionAfter: null, forced: false };
  return { subject, revisionBefore: String(after - 1), revisionAfter: String(after), forced: false };
}

function orderedOf(ordered: Ordered): Subject {
  if ('warmup' in ordered) return declared({ kind: 'warmup', name: ordered.warmup }, null);
  const { model, revision, isForced } = ordered;
  const told = String(revision);
  const subject = { kind: 'model', name: model } as const;
  return { subject, revisionBefore: told, revisionAfter: told, forced: isForced };
}
