import { describe, expect, it } from '@jest/globals';
import { namesIn } from './certificate-names.js';

describe('the names in a certificate', () => {
  it('are its subject alternative names', () => {
    expect(namesIn('URI:spiffe://cluster/ns/keda, DNS:keda')).toEqual([
      'URI:spiffe://cluster/ns/keda',
      'DNS:keda',
    ]);
    expect(namesIn('DNS:one')).toEqual(['DNS:one']);
  });

  it('are none where it has none', () => {
    expect(namesIn(undefined)).toEqual([]);
  });

  it('are none where one of them looks like several', () => {
    expect(namesIn('URI:"spiffe://me, DNS:victim, x", DNS:me')).toEqual([]);
  });
});
