import type { AuditChain, AuditedThing, DeclarationChange } from '#engine';
import type { Audited } from '../audit/audit.js';
import type { AskedFor } from './idempotency-keys.js';

/** An order about a model or a warm-up, which declares nothing. */
export type Ordered =
  | {
      readonly model: string;
      readonly revision: number;
      /** Whether leases are to be skipped. */
      readonly isForced: boolean;
    }
  | { readonly warmup: string };

/** What the audit says of a write: what it declares, and what it orders. Only an admin adds to the chain of admins. */
export function auditedBy(
  { method, path, caller }: AskedFor,
  changes: readonly DeclarationChange[],
  ordered: readonly Ordered[] = [],
  chain: AuditChain = caller.role === 'admin' ? 'admins' : 'programs',
): Audited {
  const by = { credential: caller.credential, source: caller.source ?? null, operation: `${method} ${path}` };
  return { chain, by, things: [...declaredIn(changes), ...ordered.map(orderedOf)] };
}

/** The same of a write that no request asked for. */
export function auditedOfOurs(changes: readonly DeclarationChange[]): Audited {
  const by = { credential: 'berth', source: null, operation: 'upkeep' };
  return { chain: 'programs', by, things: declaredIn(changes) };
}

function declaredIn(changes: readonly DeclarationChange[]): AuditedThing[] {
  return changes.flatMap((change): AuditedThing[] => {
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
function declared(
  subject: AuditedThing['subject'],
  value: { readonly revision: number } | null,
): AuditedThing {
  const after = value?.revision;
  if (after === undefined) return { subject, revisionBefore: null, revisionAfter: null, forced: false };
  return { subject, revisionBefore: String(after - 1), revisionAfter: String(after), forced: false };
}

function orderedOf(ordered: Ordered): AuditedThing {
  if ('warmup' in ordered) return declared({ kind: 'warmup', name: ordered.warmup }, null);
  const { model, revision, isForced } = ordered;
  const told = String(revision);
  const subject = { kind: 'model', name: model } as const;
  return { subject, revisionBefore: told, revisionAfter: told, forced: isForced };
}
