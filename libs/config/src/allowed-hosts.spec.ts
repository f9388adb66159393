import { describe, expect, it } from '@jest/globals';
import { AllowedHosts, isAllowRule } from './allowed-hosts.js';

describe('the hosts at which servers may join', () => {
  it.each([
    ['10.0.0.0/8', '10.1.2.3'],
    ['10.0.0.0/8', '::ffff:10.1.2.3'],
    ['10.0.0.7', '10.0.0.7'],
    ['fd00::/8', 'fd12::1'],
    ['0.0.0.0/0', '192.0.2.1'],
    ['triton.internal', 'Triton.internal'],
    ['*.ml.svc', 'a.b.ml.svc'],
  ])('by %s are among them %s', (rule, host) => {
    expect([isAllowRule(rule), new AllowedHosts([rule]).allows(host)]).toEqual([true, true]);
  });

  it.each([
    ['10.0.0.0/8', '11.0.0.1'],
    ['10.0.0.7', '10.0.0.8'],
    ['10.0.0.0/8', '::ffff:11.0.0.1'],
    ['0.0.0.0/0', 'localhost'],
    ['0.0.0.0/0', '::1'],
    ['triton.internal', 'a.triton.internal'],
    ['*.ml.svc', 'ml.svc'],
    ['*.ml.svc', 'xml.svc'],
    ['*.ml.svc', 'a.ml.svc.evil.example'],
  ])('by %s are not %s', (rule, host) => {
    expect(new AllowedHosts([rule]).allows(host)).toBe(false);
  });

  it('are none where there are no rules', () => {
    expect(new AllowedHosts([]).allows('127.0.0.1')).toBe(false);
  });

  it.each([
    '*',
    '',
    '*.',
    '10.0.0.0/33',
    'fd00::/129',
    '10.0.0/8',
    'a b',
    'http://a',
    'a/8',
    '[::1]',
    'a:1',
    '*.*.a',
  ])('have no rule like %j', (rule) => {
    expect(isAllowRule(rule)).toBe(false);
  });
});
