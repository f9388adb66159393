import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Server, ServerCredentials, type ServerWritableStream, status } from '@grpc/grpc-js';
import type { ServerId } from '#core';
import { routerService } from '#contracts';
import { aRow, FakeFeed } from '../../../../../test/support/fake-feed.js';
import { query } from '../../../../../test/support/running-engine.js';
import { until } from '../../../../../test/support/until.js';
import { PeerKey } from '../../transport/access/peer-key.js';
import { RoutePublisher } from './route-publisher.js';
import type { RouteEvent } from './route-event.js';
import { RouteClient } from './route-client.js';
import { WatchedTable } from './watched-table.js';

const KEY = 'k'.repeat(32);

type Stream = ServerWritableStream<{ readonly have?: object }, RouteEvent>;

/** A report as it came. */
interface Reported {
  readonly watcher: string;
  readonly doubted: readonly string[];
  readonly uses: readonly { readonly model: string }[];
  readonly peer: { readonly number: string; readonly isEnding: boolean };
}

describe('a peer that watches its leader', () => {
  let now: number;
  let server: Server;
  let address: string;
  /** The streams that were opened, and what each of its calls said of its caller. */
  let streams: Stream[];
  let reports: Reported[];
  let presented: unknown[];
  /** What becomes of the next streams. */
  let meet: (stream: Stream) => void;
  /** What the next reports are answered with; null: they are taken. */
  let refusal: object | null;
  let own: WatchedTable;
  let feed: FakeFeed;
  let heard: number;
  let warnings: string[];
  let infos: unknown[];
  let client: RouteClient;

  const refuse = (stream: Stream, code = status.UNAVAILABLE): void =>
    void stream.emit('error', { code, details: 'refused' });

  const tell = (stream: Stream): void => {
    const send = (event: RouteEvent): void => void stream.write(event);
    new RoutePublisher(feed).join({ isFree: true, send }, null, now);
  };

  beforeEach(async () => {
    [now, streams, reports, presented, warnings, heard] = [100_000, [], [], [], [], 0];
    [meet, refusal, infos] = [tell, null, []];
    feed = new FakeFeed().put(aRow('a', 's'));
    own = new WatchedTable({ clock: { now: () => now }, bound: 30_000 });
    server = new Server();
    server.addService(routerService(), {
      resolve: () => undefined,
      watchRoutes: (stream: Stream) => {
        streams.push(stream);
        presented.push(stream.metadata.get('authorization'));
        meet(stream);
      },
      reportUsage: (
        { request, metadata }: { request: Reported; metadata: Stream['metadata'] },
        done: (error: object | null, answer: object) => void,
      ) => {
        reports.push(request);
        presented.push(metadata.get('authorization'));
        done(refusal, {});
      },
    });
    address = await new Promise<string>((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(`127.0.0.1:${port}`),
      ),
    );
  });

  afterEach(async () => {
    await client.close(false);
    server.forceShutdown();
  });

  function watch(): void {
    const key = new PeerKey(KEY);
    client = new RouteClient(
      { peer: 'leader', term: 1, grpc: address, http: `http://${address}` },
      {
        ...{ name: 'p', clock: { now: () => now }, own, trust: { ca: null, isTls: false } },
        headers: () => key.headersOf(null),
        configHash: () => 'abc',
        log: {
          warn: (_: object, words: string) => void warnings.push(words),
          info: (...told: unknown[]) => void infos.push(told),
        } as never,
        onEvent: () => void (heard += 1),
      },
    );
  }

  const route = () => own.table.route(query({}));

  it('takes up its routes, and says by the key of the peers and its configuration which one it is', async () => {
    watch();
    expect(client.isHeard).toBe(false);
    await until(() => route());
    expect([client.isHeard, heard]).toEqual([true, 1]);
    expect(streams[0]!.request).toEqual({ watcher: 'p', peer: { configHash: 'abc' } });
    now += 1_000;
    await until(() => reports.find(({ uses }) => uses.length > 0));
    expect(reports.at(-1)).toMatchObject({ watcher: 'p', uses: [{ model: 'a' }], peer: { number: '1' } });
    expect(new Set(presented.flat())).toEqual(new Set([`Bearer ${KEY}`]));
  });

  it('names the servers on which callers have failed, and says when it ends', async () => {
    watch();
    await until(() => client.isHeard);
    client.doubt(['s' as ServerId, 'unknown' as ServerId]);
    await until(() => reports.some(({ doubted }) => doubted.length > 0));
    expect(reports.flatMap(({ doubted }) => doubted)).toEqual(['s']);
    await client.close(true);
    expect(reports.at(-1)!.peer.isEnding).toBe(true);
    expect(reports.filter(({ peer }) => peer.isEnding)).toHaveLength(1);
  });

  it('opens its stream anew where nothing came for over 5 s, and names the table that it has', async () => {
    watch();
    await until(() => client.isHeard);
    meet = () => undefined;
    now += 5_000;
    await until(() => reports.length > 1);
    expect([streams.length, client.isHeard]).toEqual([1, true]);
    now += 1;
    await until(() => !client.isHeard);
    now += 100;
    await until(() => streams.length === 2);
    expect(streams[1]!.request.have).toEqual({ term: '1', sequence: String(own.table.version.sequence) });
    expect(client.isHeard).toBe(false);
    expect([warnings, route()?.server]).toEqual([[], 's']);
  });

  it('tries a leader that refuses again and again, and says so once for each outage', async () => {
    meet = (stream) => refuse(stream);
    watch();
    await until(() => ((now += 250), streams.length >= 5));
    expect(warnings).toEqual(['the leader does not tell its routes: the table of before is kept']);
    meet = tell;
    await until(() => ((now += 250), client.isHeard));
    expect(infos).toEqual([[{ leader: 'leader' }, 'this process follows: the leader tells its routes']]);
    meet = (stream) => refuse(stream);
    refuse(streams.at(-1)!);
    await until(() => warnings.length > 1);
    const before = streams.length;
    await until(() => ((now += 250), streams.length > before));
    expect([warnings.length, client.isHeard]).toEqual([2, false]);
    meet = tell;
    await until(() => ((now += 250), client.isHeard));
    expect(infos).toHaveLength(2);
  });

  it('names the key where the leader does not know it, once for each outage', async () => {
    meet = (stream) => refuse(stream, status.UNAUTHENTICATED);
    watch();
    await until(() => ((now += 250), streams.length >= 5));
    expect(warnings).toEqual(['the leader does not know the key of this peer: see peer.keyFile of both']);
  });

  it('says once that its reports are not taken, but not where its key is unknown: no unload waits then', async () => {
    refusal = { code: status.UNAUTHENTICATED, details: '' };
    watch();
    await until(() => ((now += 250), reports.length >= 3));
    expect(warnings).toEqual([]);
    refusal = { code: status.RESOURCE_EXHAUSTED, details: '' };
    const before = reports.length;
    await until(() => ((now += 250), reports.length >= before + 4));
    expect(warnings).toEqual(['the leader takes no report of this peer: unloads wait for one']);
    refusal = null;
    await until(() => ((now += 250), infos.length > 1));
    expect(infos.at(-1)).toEqual(['the leader takes reports of this peer again']);
  });
});
