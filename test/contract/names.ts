import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { NoAnswer, type DnsResolver } from '../../apps/scheduler/src/integrations/discovery/dns-resolver.js';
import { DOMAIN } from '../support/dnsmasq.js';
import type { Zone } from '../support/fake-names.js';

/** Something that tells names, for the contract to be tried on. */
export interface NamesStage {
  readonly names: DnsResolver;
  publish(zone: Zone): Promise<void>;
  /** Nothing is answered any more. */
  die(): Promise<void>;
  close(): Promise<void>;
}

const SRV = `_grpc._tcp.${DOMAIN}`;
const HOST = `tritons.${DOMAIN}`;
const signal = new AbortController().signal;

/** The answers of a stage, in an order of their own. */
const readerOf = (stage: () => NamesStage) => ({
  srv: async () => {
    const places = await stage().names.srv(SRV, signal);
    return places.map(({ host, port }) => `${host}:${port}`).toSorted();
  },
  addresses: async () => (await stage().names.addresses(HOST, signal)).toSorted(),
});

/** What the port `Names` promises. */
export function contractOfNames(what: string, start: () => Promise<NamesStage>): void {
  describe(`names in DNS, ${what}`, () => {
    let stage: NamesStage;

    beforeEach(async () => {
      stage = await start();
    });

    afterEach(() => stage.close());

    tellsRecords(() => stage);
    tellsThePresent(() => stage);
  });
}

function tellsRecords(stage: () => NamesStage): void {
  const { srv, addresses } = readerOf(stage);

  it('tells the target and port of each record, in any order', async () => {
    await stage().publish({
      srv: {
        [SRV]: [
          { host: `a.${DOMAIN}`, port: 8001 },
          { host: `b.${DOMAIN}`, port: 9001 },
        ],
      },
    });
    expect(await srv()).toEqual([`a.${DOMAIN}:8001`, `b.${DOMAIN}:9001`]);
  });

  it('tells IPv4 addresses, and IPv6 addresses only where there are no others', async () => {
    await stage().publish({ a: { [HOST]: ['127.0.0.2', '127.0.0.3'] }, aaaa: { [HOST]: ['::1'] } });
    expect(await addresses()).toEqual(['127.0.0.2', '127.0.0.3']);
    await stage().publish({ aaaa: { [HOST]: ['::1'] } });
    expect(await addresses()).toEqual(['::1']);
  });

  it('answers with nothing for a name that does not exist, and for one without such records', async () => {
    expect([await srv(), await addresses()]).toEqual([[], []]);
    await stage().publish({ a: { [SRV]: ['127.0.0.2'] }, srv: { [HOST]: [{ host: 'a', port: 1 }] } });
    expect([await srv(), await addresses()]).toEqual([[], []]);
  });
}

function tellsThePresent(stage: () => NamesStage): void {
  const { srv, addresses } = readerOf(stage);

  it('tells what is there now, however long an answer may be kept', async () => {
    await stage().publish({ a: { [HOST]: ['127.0.0.2'] } });
    expect(await addresses()).toEqual(['127.0.0.2']);
    await stage().publish({ a: { [HOST]: ['127.0.0.3'] } });
    expect(await addresses()).toEqual(['127.0.0.3']);
    await stage().publish({});
    expect(await addresses()).toEqual([]);
  });

  it('tells hundreds of records, which one datagram does not hold', async () => {
    const many = Array.from({ length: 600 }, (_, nth) => ({ host: `triton-${nth}.${DOMAIN}`, port: 8001 }));
    await stage().publish({ srv: { [SRV]: many } });
    expect(await srv()).toEqual(many.map(({ host, port }) => `${host}:${port}`).toSorted());
  });

  it('rejects where nothing is answered, for each kind of question', async () => {
    await stage().publish({ srv: { [SRV]: [{ host: 'a', port: 1 }] } });
    await stage().die();
    await expect(srv()).rejects.toBeInstanceOf(NoAnswer);
    await expect(addresses()).rejects.toMatchObject({ reason: 'refused' });
  });

  it('rejects at once where the caller gives up', async () => {
    await expect(stage().names.srv(SRV, AbortSignal.abort())).rejects.toMatchObject({ reason: 'timeout' });
  });
}
