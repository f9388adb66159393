import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ANONYMOUS } from '#access';
import { Engine } from '#engine';
import { open, ownOf, Process } from '../../../../../test/support/gated-process.js';
import { until } from '../../../../../test/support/until.js';
import { AuditList, auditListSchema } from '../../admin/audit/audit-list.js';
import { Freezes } from '../../admin/servers/freezes.js';
import { ModelList } from '../../admin/models/model-list.js';
import { ModelOrders } from '../../admin/models/model-orders.js';
import { ModelWrites } from '../../admin/models/model-writes.js';
import { modelListSchema } from '../../transport/lists/pages.js';
import { Planner } from '../../admin/planning/planner.js';
import type { Caller } from '../../transport/access/caller.js';
import { PerTerm, type Terms } from './per-term.js';

const CALLER: Caller = {
  ...ANONYMOUS,
  idempotencyKey: null,
  ifMatch: null,
  signal: new AbortController().signal,
};

/** What was asked, and which term led then. */
interface Asked {
  readonly name: string;
  readonly term: number;
  readonly outcome: Promise<readonly PromiseSettledResult<unknown>[]>;
}

/** The kinds of calls, as handlers make them: each takes its class of the present term once. */
function callsOf(terms: Terms): readonly ((own: string, name: string) => Promise<unknown>)[] {
  const writes = new PerTerm(terms, ModelWrites);
  const orders = new PerTerm(terms, ModelOrders);
  const models = new PerTerm(terms, ModelList);
  const audit = new PerTerm(terms, AuditList);
  const freezes = new PerTerm(terms, Freezes);
  const planner = new PerTerm(terms, Planner);
  const { signal } = new AbortController();
  const plan = { models: {}, pins: {}, lost: [], drained: [], withinMs: 1_000 };
  return [
    async (_, name) => writes.certain.put(name, {}, CALLER),
    async (own) => orders.certain.load(own, { waitMs: 100 }, CALLER),
    async () => models.certain.page(modelListSchema.parse({}), JSON.stringify, signal),
    async () => audit.now.page(auditListSchema.parse({}), signal),
    async (own) => freezes.certain.freeze({ reason: own }, CALLER),
    async (own) => planner.now.plan({ ...plan, asked: [own] }, 'tenant'),
  ];
}

describe('two terms of one process, with other rows in each', () => {
  it('are never mixed, wherever calls, loads, looks and writes are as one follows the other', async () => {
    const seen = new Set<string>();
    const property = fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      const process = await Process.start();
      const { terms } = process;
      const first = terms.leading;
      process.gate = (of) => scheduler.schedule(of);
      const asked: Asked[] = [];
      const changed = (async () => {
        for (let left = 3; left > 0; left -= 1) await scheduler.schedule(Promise.resolve());
        process.elections.depose();
        await until(() => terms.leading !== null && terms.leading !== first);
      })();
      const kinds = callsOf(terms);
      const calls = [...kinds, ...kinds, ...kinds].map(async (call, nth) => {
        for (let left = 3 * nth; left >= 0; left -= 1) await scheduler.schedule(Promise.resolve());
        if (nth >= 2 * kinds.length) await changed;
        const term = terms.leading === null ? 0 : terms.leading === first ? 1 : 2;
        const name = `call-${nth}`;
        asked.push({ name, term, outcome: Promise.allSettled([call(ownOf(term), name)]) });
      });
      await scheduler.waitFor(Promise.all([changed, ...calls]));
      await scheduler.waitFor(Promise.all(asked.map(({ outcome }) => outcome)));
      process.gate = open;
      await scheduler.waitIdle();
      for (const said of await check(process, asked)) seen.add(said);
      await process.close();
    });
    await fc.assert(property, { numRuns: 20 });
    expect([...seen]).toEqual(expect.arrayContaining(['1 fulfilled', '2 fulfilled']));
  }, 60_000);
});

/** Nothing of one term is in what another one stores, orders, knows or answers. Tells what became of calls, by their terms. */
async function check({ servers, terms, texts }: Process, asked: readonly Asked[]): Promise<string[]> {
  const strange = (term: number): string[] => [
    ownOf(3 - term),
    ...asked.filter((one) => one.term !== term).map(({ name }) => `${name}"`),
  ];
  const isClean = (term: number, said: unknown): void => {
    const text = JSON.stringify(said);
    for (const one of strange(term)) expect(text).not.toContain(one);
  };
  for (const [term, kept] of texts) isClean(term, [...kept.values(), ...[...kept.keys()].map((key) => key)]);
  servers.forEach(({ loaded }, at) => isClean(at + 1, loaded));
  isClean(2, [...terms.now.get(Engine).fleet.models.keys()]);
  const said: string[] = [];
  for (const { term, outcome } of asked)
    for (const one of await outcome) {
      if (one.status === 'fulfilled') isClean(term, one.value);
      said.push(`${term} ${one.status}`);
    }
  return said;
}
