import type { AccountId, Fleet, Instant, ModelId, ServerId } from '#core';

/** A load that ran out of memory on a device where the books had room. */
export interface NewShortfall {
  readonly server: ServerId;
  /** Its ordinal. */
  readonly device: number;
  readonly model: ModelId;
}

/** Finds which devices a load has run out on, where the books had room, since it was asked last. */
export class NewShortfalls {
  private readonly told = new Map<AccountId, Instant>();

  in({ shortfalls, servers }: Readonly<Fleet>): readonly NewShortfall[] {
    const found: NewShortfall[] = [];
    for (const [account, { at, model, server }] of shortfalls) {
      if (this.told.get(account) === at) continue;
      this.told.set(account, at);
      const device = servers.get(server)?.devices?.find((one) => one.account === account);
      if (device) found.push({ server, device: device.ordinal, model });
    }
    for (const account of this.told.keys()) if (!shortfalls.has(account)) this.told.delete(account);
    return found;
  }
}
