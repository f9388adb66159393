import { AllowedHosts, type FleetWebhookConfig, parseAddress, type ServerConfig } from '#config';

type Rules = Pick<FleetWebhookConfig, 'allow' | 'joiners'>;

const NONE: Rules = { allow: [], joiners: { headers: {}, tls: null } };

/** Where servers may join, and how those that joined are called. */
export class JoinAllowList {
  private readonly allowed: AllowedHosts;

  constructor(private readonly rules: Rules = NONE) {
    this.allowed = new AllowedHosts(rules.allow);
  }

  /** Whether a server may join at this host, an address without brackets or a name. */
  allows(host: string): boolean {
    return this.allowed.allows(host);
  }

  /** A server that joined, as it is called. The headers go to no address that is not allowed now. */
  reached(server: ServerConfig): ServerConfig {
    const { headers, tls } = this.rules.joiners;
    const isAllowed = this.allows(parseAddress(server.grpc)?.host ?? '');
    return { ...server, tls, headers: isAllowed ? headers : {} };
  }
}
