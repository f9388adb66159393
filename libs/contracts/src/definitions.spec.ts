import { describe, expect, it } from '@jest/globals';
import { ADMIN, adminDefinition, publishedDefinition, ROUTER, routerService } from './definitions.js';
import { MalformedRequest } from './malformed.js';

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
