import { FaultProxy } from '../../support/fault-proxy.js';
import type { SentinelGroup } from '../../support/redis.js';

/**
 * Redis as one Berth reaches it: over links of its own, which can be cut alone. The Sentinels tell the ports of the group; on
 * the way to this Berth they become the ports of its links. All ports have five digits, so no text changes its length.
 */
export class RedisView {
  private constructor(
    /** In the order of the members of the group. */
    readonly members: readonly FaultProxy[],
    /** In the order of its Sentinels. */
    readonly sentinels: readonly FaultProxy[],
  ) {}

  static async of(group: SentinelGroup): Promise<RedisView> {
    const members: FaultProxy[] = [];
    for (const { server } of group.members) members.push(await fiveDigits(server.port));
    const ports = new Map<string, string>(
      group.members.map(({ link }, at) => [`${link.port}`, `${members[at]!.port}`]),
    );
    const rewrite = (chunk: Buffer): Buffer => {
      const text = chunk.toString('latin1');
      const told = text.replaceAll(/\b\d{5}\b/g, (port) => ports.get(port) ?? port);
      return Buffer.from(told, 'latin1');
    };
    const sentinels: FaultProxy[] = [];
    for (const { port } of group.sentinels) sentinels.push(await FaultProxy.start({ to: port, rewrite }));
    return new RedisView(members, sentinels);
  }

  get all(): readonly FaultProxy[] {
    return [...this.members, ...this.sentinels];
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((link) => link.close()));
  }
}

async function fiveDigits(to: number): Promise<FaultProxy> {
  for (;;) {
    const proxy = await FaultProxy.start({ to });
    if (proxy.port >= 10_000) return proxy;
    await proxy.close();
  }
}
