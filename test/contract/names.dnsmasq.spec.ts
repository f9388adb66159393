import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { systemDns } from '../../apps/scheduler/src/integrations/discovery/system-dns.js';
import { Dnsmasq } from '../support/dnsmasq.js';
import { describeWithParts } from '../support/parts.js';
import { contractOfNames } from './names.js';

const signal = new AbortController().signal;

describeWithParts('with dnsmasq', ['dnsmasq'], () => {
  contractOfNames('dnsmasq', () => Dnsmasq.start());

  it('rejects where the DNS server refuses to answer for the name', async () => {
    const dns = await Dnsmasq.start();
    await expect(dns.names.srv('elsewhere.example', signal)).rejects.toMatchObject({ reason: 'refused' });
    await dns.close();
  });
});

describe('a DNS server that is silent', () => {
  it('is given up', async () => {
    const silent = createSocket('udp4').bind(0, '127.0.0.1');
    await once(silent, 'listening');
    const names = systemDns([`127.0.0.1:${silent.address().port}`]);
    await expect(names.addresses('a.example', signal)).rejects.toMatchObject({ reason: 'timeout' });
    silent.close();
  });
});
