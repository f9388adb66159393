import { describe, expect, it } from '@jest/globals';
import { ANONYMOUS, type Principal } from '#access';
import { NamedCallers } from './named-callers.js';

const OBJECTIVES = Object.assign(
  Object.create(null) as object,
  { chat: 'critical', batch: 'sheddable' } as const,
);

function stage() {
  const clock = { now: 0 };
  const unknown: string[] = [];
  const callers = new NamedCallers(
    () => clock.now,
    () => OBJECTIVES,
    () => unknown.push('one'),
  );
  const envoy: Principal = { ...ANONYMOUS, tenant: 'envoy', mayName: ['tenant', 'class'] };
  const tenantOf = (tenant: string | undefined, caller = envoy) =>
    callers.callerOf({ tenant }, caller).tenant;
  const classOf = (objective: string | undefined, more: Partial<Principal> = {}) =>
    callers.classOf({ objective }, { ...envoy, ...more });
  return { classOf, clock, envoy, tenantOf, unknown };
}

describe('the tenant of a request', () => {
  it('is the one that is named, where the credential may name it', () => {
    const { envoy, tenantOf } = stage();
    expect(tenantOf('risk')).toBe('risk');
    expect(tenantOf(undefined)).toBe('envoy');
    expect(tenantOf('risk', { ...envoy, mayName: ['class'] })).toBe('envoy');
    expect(tenantOf('risk', ANONYMOUS)).toBe('anonymous');
    for (const odd of ['', 'x'.repeat(257), 'a\nb']) expect(tenantOf(odd)).toBe('envoy');
  });

  it('is shared by those beyond a thousand, until others are silent', () => {
    const { clock, tenantOf } = stage();
    for (let nth = 0; nth < 1_000; nth += 1) tenantOf(`t${nth}`);
    clock.now = 59_999;
    expect(tenantOf('late')).toBe('_other');
    expect(tenantOf('t7')).toBe('t7');
    clock.now = 60_000;
    expect(tenantOf('late')).toBe('late');
    expect(tenantOf('t7')).toBe('t7');
  });
});

describe('the class of a request', () => {
  it('is that of its objective, as high as the credential may ask', () => {
    const { classOf } = stage();
    expect(classOf('chat')).toBe('critical');
    expect(classOf('batch')).toBe('sheddable');
    expect(classOf('chat', { maxClass: 'default' })).toBe('default');
    expect(classOf('batch', { maxClass: 'default' })).toBe('sheddable');
    expect(classOf(undefined)).toBeNull();
    expect(classOf('chat', { mayName: undefined })).toBeNull();
  });

  it("is the model's own where nothing is known of the objective, which is counted", () => {
    const { classOf, unknown } = stage();
    for (const odd of ['other', '__proto__', 'constructor']) expect(classOf(odd)).toBeNull();
    expect(classOf('other', { maxClass: 'default' })).toBeNull();
    expect(unknown).toHaveLength(4);
    classOf('other', { mayName: [] });
    expect(unknown).toHaveLength(4);
  });
});
