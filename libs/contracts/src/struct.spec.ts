import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { adminClientService } from './definitions.js';
import { fromStruct, toStruct } from './struct.js';

/** JSON that a Struct can say. -0 is 0 in JSON. */
const json = fc
  .dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }))
  .map((value) => JSON.parse(JSON.stringify(value)) as Record<string, unknown>);

describe('a Struct', () => {
  it('carries any JSON object there and back, over the wire', () => {
    const { requestSerialize, requestDeserialize } = adminClientService()['PutModel']!;
    fc.assert(
      fc.property(json, (value) => {
        const bytes = requestSerialize({ model: 'm', spec: toStruct(value) });
        const { spec } = requestDeserialize(bytes) as { spec: Parameters<typeof fromStruct>[0] };
        expect(Object.entries(fromStruct(spec))).toEqual(Object.entries(value));
      }),
      { numRuns: 200 },
    );
  });

  it('leaves out what is not there, and keeps null', () => {
    expect(fromStruct(toStruct({ a: undefined, b: null }))).toEqual({ b: null });
  });
});
