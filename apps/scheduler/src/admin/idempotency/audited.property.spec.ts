import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ANONYMOUS } from '#access';
import { AUDIT_CHAINS, auditHash, NO_HASH } from '#contracts';
import type { AuditChain, Declarations, DeclarationChange, Written } from '#engine';
import { openStore, StoreUnavailable } from '#store';
import { MemoryRows } from '#triton-simulator';
import { Audit } from '../audit/audit.js';
import { Lifecycle } from '../../transport/lifecycle.js';
import { IdempotencyKeys } from './idempotency-keys.js';
import { Writes } from './writes.js';

/** What happens: a write of some models, an order, a refusal, a replay, a write that no request asked for, a new life. */
type Step =
  | { readonly kind: 'declare'; readonly models: readonly string[]; readonly key: string | null }
  | { readonly kind: 'order' | 'refuse' | 'upkeep' | 'restart' }
  | { readonly kind: 'fail'; readonly isStored: boolean };

const models = fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 });
const key = fc.option(fc.constantFrom('k', 'l'));
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('declare' as const), models, key }) },
  fc.record({ kind: fc.constantFrom('order', 'refuse', 'upkeep', 'restart') }),
  fc.record({ kind: fc.constant('fail' as const), isStored: fc.boolean() }),
);

const EMPTY = { first: 1, next: 1, hash: NO_HASH };

/** The revision of orders; declared ones are higher. */
const ORDERED = 0;

/** A store whose next write may fail, before or after it was stored, and which remembers the batches that it took. */
class Shaky {
  readonly taken: (readonly DeclarationChange[])[] = [];
  next: 'fine' | 'fails' | 'unheard' = 'fine';

  constructor(private readonly declarations: Declarations) {}

  async write(changes: readonly DeclarationChange[]): Promise<Written> {
    const { next } = this;
    this.next = 'fine';
    if (next === 'fails') throw new StoreUnavailable('full');
    const written = await this.declarations.write(changes);
    this.taken.push(changes);
    if (next === 'unheard') throw new StoreUnavailable('cut off');
    return written;
  }
}

class Life {
  private writes: Writes;
  private revision = 0;

  constructor(
    private readonly declarations: Declarations,
    readonly store: Shaky,
  ) {
    this.writes = this.begin();
  }

  async take(step: Step): Promise<void> {
    if (step.kind === 'restart') this.writes = this.begin();
    else if (step.kind === 'fail') this.store.next = step.isStored ? 'unheard' : 'fails';
    else await this.write(step).catch(() => undefined);
  }

  private async write(step: Step): Promise<void> {
    const idle = { follow: () => undefined };
    if (step.kind === 'upkeep') return this.writes.follow(idle, () => [this.change('b')]);
    const caller = {
      ...ANONYMOUS,
      credential: 'c',
      idempotencyKey: 'key' in step ? step.key : null,
      ifMatch: null,
    };
    const asked = { method: 'PUT', path: '/v1/x', body: null, caller, present: () => null };
    await this.writes.perform(asked, () => {
      const shared = { status: 200, view: () => null, commit: () => undefined };
      if (step.kind === 'refuse') throw new Error('no');
      if (step.kind === 'order')
        return { ...shared, changes: [], ordered: { model: 'a', revision: ORDERED, isForced: false } };
      const names = 'models' in step ? step.models : [];
      return { ...shared, changes: names.map((name) => this.change(name)) };
    });
  }

  private change(name: string): DeclarationChange {
    this.revision += 1;
    return { kind: 'model', name, value: { revision: this.revision, spec: null } };
  }

  private begin(): Writes {
    const wallNow = (): number => 0;
    const idempotencyKeys = new IdempotencyKeys({ store: this.declarations, given: new Map(), wallNow });
    const audit = new Audit({ store: this.declarations, wallNow });
    return new Writes(this.store, { idempotencyKeys, audit }, new Lifecycle());
  }
}

describe('every action that changes something', () => {
  let property: fc.IAsyncProperty<[Step[]]>;

  beforeAll(() => {
    property = fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const { declarations } = await openStore(new MemoryRows(), { fleet: 'berth' });
      const life = new Life(declarations, new Shaky(declarations));
      for (const one of steps) await life.take(one);
      expectAudited(life.store.taken);
      for (const chain of AUDIT_CHAINS) await expectChain(declarations, life.store.taken, chain);
    });
  });

  it('has exactly one audit record, in the batch that stores it', () => fc.assert(property));
});

/** One that names each thing. Of a batch that declares nothing there is the record of an order. */
function expectAudited(batches: readonly (readonly DeclarationChange[])[]): void {
  for (const batch of batches) {
    const declared = batch.flatMap((change) => (change.kind === 'model' ? [change.value!.revision] : []));
    const [record, ...more] = batch.flatMap((change) => (change.kind === 'audit' ? [change.value!] : []));
    const told = [record!, ...(record!.others ?? [])].map(({ revisionAfter }) => revisionAfter);
    expect(more).toEqual([]);
    expect(told).toEqual((declared.length > 0 ? declared : [ORDERED]).map(String));
  }
}

async function expectChain(
  declarations: Declarations,
  batches: readonly (readonly DeclarationChange[])[],
  chain: AuditChain,
): Promise<void> {
  const written = batches.flat().filter((change) => change.kind === 'audit' && change.chain === chain).length;
  const { first, next, hash } = (await declarations.auditHead(chain)) ?? EMPTY;
  expect([first, next]).toEqual([1, written + 1]);
  let before = NO_HASH;
  for (let number = first; number < next; number += 1) {
    const record = (await declarations.auditRecord(chain, number))!;
    expect([record.number, record.previousHash]).toEqual([String(number), before]);
    before = auditHash(record);
  }
  expect(hash).toBe(before);
}
