import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  configJsonSchema,
  formatError,
  patchModelSpec,
  readConfig,
  readModelSpec,
  readServerSpec,
} from './index.js';
import { keysOf } from './json-schema.js';

/** Documents made of the keys that exist, with values that mostly make no sense. */
const KEYS = [...new Set(keysOf(configJsonSchema()).map(({ path }) => path.split('.').at(-1) ?? ''))];
/** What YAML is written with. */
const SIGNS = 'a b : - [ ] { } & * ! | > % @ " \' # , ?'.split(' ').concat(' ', '\n', '\t');
const leaf = fc.oneof(
  fc.constantFrom(
    0,
    1,
    -1,
    4096,
    1.5,
    null,
    true,
    'a',
    'h:1',
    '127.0.0.1:8001',
    'lru',
    'serve',
    'queue',
    'a\nb',
    '..',
  ),
  fc.jsonValue({ maxDepth: 1 }),
);
const { document } = fc.letrec((tie) => ({
  document: fc.dictionary(fc.constantFrom(...KEYS, '__proto__', 'a', 'a.b', 'a\nb'), tie('value'), {
    maxKeys: 8,
  }),
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 6 },
    leaf,
    tie('document'),
    fc.array(fc.oneof(tie('document'), leaf), { maxLength: 4 }),
  ),
}));

describe('any document at all', () => {
  it('is taken, or refused in lines that name a rule', () => {
    fc.assert(
      fc.property(fc.oneof(document, fc.jsonValue()), (value) => {
        const text = JSON.stringify(value);
        const result = readConfig({
          file: { path: 'berth.yaml', text },
          env: {},
          flags: { triton: [] },
        });
        if (result.ok) return;
        expect(result.errors.length).toBeGreaterThan(0);
        for (const error of result.errors)
          expect(formatError(error, 'berth.yaml')).toMatch(/^.*(must|is|may|not) .*$/);
      }),
      { numRuns: 300 },
    );
  });

  it('that is no YAML is refused as well', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...SIGNS) }), (text) => {
        const result = readConfig({
          file: { path: 'berth.yaml', text },
          env: {},
          flags: { triton: [text] },
        });
        expect(result.ok).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it('is taken as a body whole, or refused', () => {
    fc.assert(
      fc.property(document, (body) => {
        const model = readModelSpec('m', body);
        if (model.ok) expect(model.value).toEqual(body);
        const server = readServerSpec(body);
        if (server.ok) expect(server.value).toEqual(body);
        patchModelSpec('m', {}, body);
      }),
      { numRuns: 300 },
    );
  });
});
