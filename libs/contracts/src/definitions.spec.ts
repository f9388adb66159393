import { describe, expect, it } from '@jest/globals';
import { ADMIN, adminDefinition, publishedDefinition, ROUTER, routerService } from './definitions.js';
import { MalformedRequest } from './malformed.js';
import { toStruct } from './struct.js';

/** Where a field of the whole ends: cut off there, it is a message with fewer fields. All of them are short. */
function boundariesIn(bytes: Buffer): number[] {
  const found: number[] = [];
  for (let at = 0; at < bytes.length; found.push(at)) {
    const isCounted = (bytes[at]! & 7) === 2;
    at += 1;
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    if (isCounted) at += value;
  }
  return found;
}

/** A field that is counted, as bytes. */
function counted(tag: number, ...inner: Buffer[]): Buffer {
  const bytes = Buffer.concat(inner);
  const head = [tag];
  let { length } = bytes;
  for (; length >= 0x80; length >>>= 7) head.push((length & 0x7f) | 0x80);
  return Buffer.concat([Buffer.from([...head, length]), bytes]);
}

/** A request with a spec of lists in lists: so many messages are within each other. The innermost has the text. */
function nestedIn(depth: number, text = 'x'): Buffer {
  const [VALUES, TEXT, LIST] = [0x0a, 0x1a, 0x32];
  const inner = counted(TEXT, Buffer.from(text, 'latin1'));
  const value = depth % 2 === 0 ? inner : Buffer.concat([counted(LIST), inner]);
  const levels = Math.floor(depth / 2) - 1;
  const lists = Array.from({ length: levels }).reduce<Buffer>(
    (within) => counted(LIST, counted(VALUES, within)),
    value,
  );
  const field = counted(0x0a, counted(0x0a, Buffer.from('a')), counted(0x12, lists));
  return Buffer.concat([counted(0x0a, Buffer.from('m')), counted(0x12, field)]);
}

describe('the definitions', () => {
  it('never hand Router to Nest', () => {
    expect(Object.keys(adminDefinition())).toContain(ADMIN);
    expect(Object.keys(adminDefinition())).not.toContain(ROUTER);
  });

  it('publish both', () => {
    expect(Object.keys(publishedDefinition())).toEqual(expect.arrayContaining([ADMIN, ROUTER]));
  });

  it('decode what is no message to a malformed request', () => {
    const { requestDeserialize } = routerService()['Resolve']!;
    expect(requestDeserialize(Buffer.from([0xff]))).toBeInstanceOf(MalformedRequest);
    expect(requestDeserialize(Buffer.alloc(0))).toMatchObject({ model: '', avoid: [] });
  });

  /** Bytes that say `text` in field 1, of which the first `kept` are left. */
  const cut = (text: string, kept: number): Buffer =>
    Buffer.from([0x0a, text.length, ...Buffer.from(text)]).subarray(0, kept);

  it('decode a message that is cut off to a malformed request, wherever it is cut', () => {
    const { PutModel, BatchModels } = adminDefinition()[ADMIN] as ReturnType<typeof routerService>;
    const spec = toStruct({
      labels: { team: 'risk' },
      dependsOn: ['a', 'b'],
      gpuMemoryLimitMb: 5,
      enabled: true,
    });
    for (const [method, request] of [
      [routerService()['Resolve']!, { model: 'resnet50', waitMs: 300 }],
      [PutModel!, { model: 'resnet50', spec }],
      [BatchModels!, { models: { resnet50: spec } }],
    ] as const) {
      const bytes = method.requestSerialize(request);
      expect(method.requestDeserialize(bytes)).toMatchObject(request);
      const whole = new Set([0, ...boundariesIn(bytes)]);
      for (let kept = 0; kept < bytes.length; kept += 1) {
        const decoded = method.requestDeserialize(bytes.subarray(0, kept));
        expect([kept, decoded instanceof MalformedRequest]).toEqual([kept, !whole.has(kept)]);
      }
    }
    expect(routerService()['Resolve']!.requestDeserialize(cut('resnet50', 6))).toBeInstanceOf(
      MalformedRequest,
    );
  });

  it('decode a text that is no UTF-8 to a malformed request that names its field', () => {
    const { PutModel, BatchModels } = adminDefinition()[ADMIN] as ReturnType<typeof routerService>;
    const broken = (method: typeof PutModel, request: object): object => {
      const bytes = method!.requestSerialize(request);
      const text = bytes.toString('latin1').replace('~~~', '\u00ed\u00a0\u0080');
      return method!.requestDeserialize(Buffer.from(text, 'latin1'));
    };
    const list = toStruct({ dependsOn: ['a', '~~~'] });
    const key = toStruct({ labels: { '~~~': 'x' } });
    const label = { resnet50: toStruct({ labels: { team: '~~~' } }) };
    expect(broken(routerService()['Resolve'], { model: '~~~' })).toMatchObject({ at: ['model'] });
    expect(broken(routerService()['Resolve'], { model: 'm', requestId: '~~~' })).toMatchObject({
      at: ['requestId'],
    });
    expect(broken(PutModel, { model: 'm', spec: list })).toMatchObject({ at: ['spec', 'dependsOn'] });
    expect(broken(PutModel, { model: 'm', spec: key })).toMatchObject({ at: ['spec', 'labels'] });
    expect(broken(BatchModels, { models: label })).toMatchObject({
      at: ['models', 'resnet50', 'labels', 'team'],
    });
  });

  it('decode a message that is nested deeper than any that is accepted to a malformed request', () => {
    const { PutModel } = adminDefinition()[ADMIN] as ReturnType<typeof routerService>;
    const decoded = (depth: number, text?: string): object =>
      PutModel!.requestDeserialize(nestedIn(depth, text));
    expect(decoded(100)).toHaveProperty('spec.fields.a.listValue');
    expect(decoded(100, '\u00ff')).toMatchObject({ at: ['spec', 'a'] });
    for (const depth of [101, 102, 5_000]) {
      expect(decoded(depth)).toEqual(new MalformedRequest());
      expect(decoded(depth, '\u00ff')).toEqual(new MalformedRequest());
    }
  });

  it('take long messages for a batch alone', () => {
    const service = adminDefinition()[ADMIN] as ReturnType<typeof routerService>;
    const { BatchModels: batch, PutModel: put } = service;
    const spec = { fields: { x: { stringValue: 'y'.repeat(70_000) } } };
    const sent = (method: typeof put, request: object): object =>
      method!.requestDeserialize(method!.requestSerialize(request));
    expect(sent(put, { model: 'm', spec })).toMatchObject({ reason: 'too_large' });
    expect(sent(batch, { models: { m: spec } })).toHaveProperty('models.m');
  });

  it('tell an absent number from zero', () => {
    const { requestDeserialize, requestSerialize } = routerService()['Resolve']!;
    const sent = (request: object): object => requestDeserialize(requestSerialize(request));
    expect(sent({ model: 'm' })).not.toHaveProperty('waitMs');
    expect(sent({ model: 'm', waitMs: 0 })).toHaveProperty('waitMs', 0);
  });
});
