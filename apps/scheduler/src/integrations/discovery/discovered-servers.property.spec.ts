import { describe, it } from '@jest/globals';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { DiscoveryConfig } from '#config';
import { DiscoveredServers } from './discovered-servers.js';

const LEAVE = 30_000;
const MOST = 6;

const ENTRIES = ['a', 'b'].map((name): DiscoveryConfig => {
  const question = { kind: 'srv', name } as const;
  return { question, http: null, metrics: null, labels: {}, leaveSeconds: LEAVE / 1_000 };
});

/** What happens: an answer of one of the names, or time alone, since DNS did not answer. A server that leaves may be let go. */
const happening = fc.record({
  name: fc.nat(1),
  hosts: fc.option(fc.uniqueArray(fc.constantFrom('s', 't', 'u', 'v', 'w', 'x', 'y', 'z'))),
  after: fc.nat(20_000),
  letGo: fc.boolean(),
});

/** A name that has let a server go lacks most of the others later, before the other name lets it go. */
const LET_GO_BEFORE_MOST_WERE_MISSING = [
  [0, ['z', 'v'], 0],
  [1, ['z'], 0],
  [1, [], 0],
  [0, ['v', 'x', 'w'], 0],
  [0, ['w', 'x'], 0],
  [0, [], 3_274],
  [1, [], 26_726],
].map(
  ([name, hosts, after]) =>
    ({ name, hosts, after, letGo: false }) as typeof happening extends fc.Arbitrary<infer One> ? One : never,
);

/** An answer as it came. */
interface Past {
  readonly name: number;
  readonly ids: ReadonlySet<string>;
  readonly known: ReadonlySet<string>;
  readonly at: number;
}

/** The latest answers of a name in a row that lack a server which was known. */
function lacking(history: readonly Past[], name: number, id: string): readonly Past[] {
  const answers = history.filter((one) => one.name === name);
  const last = answers.findLastIndex(({ ids, known }) => ids.has(id) || !known.has(id));
  return answers.slice(last + 1);
}

/** Whether a name has let a server go: what it answers without it later does not bring it back. */
const mayLeave = (history: readonly Past[], name: number, id: string): boolean => {
  const answers = lacking(history, name, id);
  return answers.some((_, at) => isEnough(answers.slice(0, at + 1)));
};

/** Whether answers in a row that lack a server make it leave. */
function isEnough(answers: readonly Past[]): boolean {
  const isHeld = answers.some(
    ({ ids, known }) => [...known].filter((one) => !ids.has(one)).length * 2 > known.size,
  );
  return answers.length >= 2 && (!isHeld || answers.at(-1)!.at - answers[0]!.at >= LEAVE);
}

/** The ids that a name has known since they were last let go. */
class Known {
  private readonly ids = [new Set<string>(), new Set<string>()];

  of = (name: number): ReadonlySet<string> => new Set(this.ids[name]);
  note = (name: number, ids: ReadonlySet<string>): void => ids.forEach((id) => this.ids[name]!.add(id));
  forget = (id: string): void => this.ids.forEach((ids) => ids.delete(id));
}

describe('servers found by DNS, whatever it answers', () => {
  it('leave only when they may, never above the bound, and nothing follows from silence', () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 40 }), (happenings) => {
        const discovered = new DiscoveredServers(MOST);
        discovered.configure(ENTRIES);
        let history: readonly Past[] = [];
        const known = new Known();
        let now = 0;
        for (const { name, hosts, after, letGo } of happenings) {
          now += after;
          const before = discovered.servers();
          if (hosts !== null) {
            const places = hosts.map((host) => ({ host, port: 1 }));
            discovered.answered(ENTRIES[name]!, places, now);
          } else assert.deepEqual(discovered.servers(), before);
          const all = new Set(discovered.servers().map(({ config }) => config.id));
          if (hosts !== null) {
            const ids = new Set(hosts.map((host) => `${host}-1`).filter((id) => all.has(id)));
            history = [...history, { name, ids, known: new Set([...known.of(name), ...ids]), at: now }];
            known.note(name, ids);
          }
          assert.ok(all.size <= MOST, `${all.size} servers`);
          for (const { config, leaveMs } of discovered.servers()) {
            const names = [0, 1].filter((one) => known.of(one).has(config.id));
            const isDue = names.every((one) => mayLeave(history, one, config.id));
            const wasLeaving = before.some((one) => one.config.id === config.id && one.leaveMs !== null);
            if (leaveMs !== null) assert.ok(wasLeaving || isDue, `${config.id} leaves too early`);
            if (leaveMs !== null && letGo) {
              discovered.release(config.id);
              known.forget(config.id);
            }
          }
          for (const [id, one] of lastAnswers(history)) {
            const isLeaving = discovered
              .servers()
              .some(({ config, leaveMs }) => config.id === id && leaveMs !== null);
            assert.ok(!isLeaving, `${id} leaves, and ${one} has it`);
          }
        }
      }),
      { numRuns: 300, examples: [[LET_GO_BEFORE_MOST_WERE_MISSING]] },
    );
  });

  it('leave in the end, where DNS goes on answering without them', () => {
    const hosts = fc.uniqueArray(fc.constantFrom('s', 't', 'u', 'v'), { minLength: 1 });
    fc.assert(
      fc.property(fc.array(hosts, { minLength: 1, maxLength: 10 }), hosts, (answers, last) => {
        const discovered = new DiscoveredServers();
        discovered.configure(ENTRIES.slice(0, 1));
        let now = 0;
        const answer = (names: readonly string[]) =>
          discovered.answered(
            ENTRIES[0]!,
            names.map((host) => ({ host, port: 1 })),
            (now += 10_000),
          );
        for (const names of answers) answer(names);
        for (let nth = 0; nth <= LEAVE / 10_000 + 2; nth += 1) answer(last);
        const staying = discovered.servers().filter(({ leaveMs }) => leaveMs === null);
        assert.deepEqual(
          new Set(staying.map(({ config }) => config.id)),
          new Set(last.map((host) => `${host}-1`)),
        );
      }),
    );
  });
});

/** The servers that the last answer of some name has. */
function lastAnswers(history: readonly Past[]): [string, number][] {
  return [0, 1].flatMap((name) => {
    const last = history.findLast((one) => one.name === name);
    return last === undefined ? [] : [...last.ids].map((id): [string, number] => [id, name]);
  });
}
