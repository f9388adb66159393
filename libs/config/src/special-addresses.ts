import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';
import { isLoopback } from './address.js';

/** The ranges of IANA's special-purpose registries that no public host has, and multicast. */
const SPECIAL = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...['192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15'],
  ...['198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/3'],
  ...['::/96', '64:ff9b::/32', '100::/64', '2001::/23', '2001:db8::/32', '2002::/16'],
  ...['3fff::/20', '5f00::/16', 'fc00::/7', 'fe80::/9', 'ff00::/8'],
];

/** Where clouds tell their machines secrets: AWS and most others, AWS and Google over IPv6, Alibaba, Azure. */
const METADATA = [
  '169.254.0.0/16',
  'fd00:ec2::254/128',
  'fd20:ce::254/128',
  '100.100.100.200/32',
  '168.63.129.16/32',
];

const blocked = blockListOf(SPECIAL);
const metadata = blockListOf(METADATA);

function blockListOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [net = '', bits] = range.split('/');
    list.addSubnet(net, Number(bits), isIPv4(net) ? 'ipv4' : 'ipv6');
  }
  return list;
}

/**
 * Whether a host of a URL is an address that only this machine or its network has. Of a name this is not known before it is
 * looked up; `localhost` is one.
 */
export function isPrivateHost(host: string): boolean {
  const plain = host.replace(/^\[|\]$/g, '');
  if (isIP(plain) === 0) return isLoopback(plain) || /(^|\.)localhost\.?$/i.test(plain);
  return blocked.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4');
}

/** Whether an address is one at which clouds tell their machines secrets. */
export const isMetadataAddress = (address: string): boolean =>
  metadata.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
