import { BlockList, isIP, isIPv6 } from 'node:net';
import { parseHost } from './address.js';

export const ALLOW_RULE =
  'must be an IP address, a network like 10.0.0.0/8 or fd00::/8, a host name, or *. and the end of host names';

/** The addresses at which servers may join: IP addresses and networks, host names, and `*.` before the end of host names. */
export class AllowedHosts {
  private readonly networks = new BlockList();
  private readonly names = new Set<string>();
  private readonly ends: readonly string[];

  /** Each rule is one for which `isAllowRule` holds. */
  constructor(rules: readonly string[]) {
    for (const rule of rules) {
      const network = networkOf(rule);
      if (network) this.networks.addSubnet(network.address, network.bits, familyOf(network.address));
      else this.names.add(rule.toLowerCase());
    }
    this.ends = [...this.names].flatMap((name) => (name.startsWith('*.') ? [name.slice(1)] : []));
  }

  /** Whether a server may join at this host, an address without brackets or a name. Names are never looked up. */
  allows(host: string): boolean {
    if (isIP(host)) return this.networks.check(host, familyOf(host));
    const name = host.toLowerCase();
    return this.names.has(name) || this.ends.some((end) => name.length > end.length && name.endsWith(end));
  }
}

/** Whether a text is a rule of `AllowedHosts`. */
export const isAllowRule = (rule: string): boolean =>
  networkOf(rule) !== null || (!rule.includes('/') && isName(rule.replace(/^\*\./, '')));

const isName = (text: string): boolean => isIP(text) === 0 && parseHost(text) === text;

/** A network, or an address as the network of itself; null: neither. */
function networkOf(rule: string): { readonly address: string; readonly bits: number } | null {
  const [, address = '', digits] = /^([^/]+)(?:\/([0-9]{1,3}))?$/.exec(rule) ?? [];
  if (isIP(address) === 0) return null;
  const most = isIPv6(address) ? 128 : 32;
  const bits = digits === undefined ? most : Number(digits);
  return bits <= most ? { address, bits } : null;
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIPv6(address) ? 'ipv6' : 'ipv4');
