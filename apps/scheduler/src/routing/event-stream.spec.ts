import { EventEmitter, once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Metadata } from '@grpc/grpc-js';
import { ANONYMOUS } from '#access';
import { aRow, FakeFeed } from '../../../../test/support/fake-feed.js';
import { until } from '../../../../test/support/until.js';
import { Terms } from '../cluster/leadership/per-term.js';
import { MAX_GATEWAYS } from '../cluster/replication/gateway-subscriptions.js';
import type { RouteEvent } from '../cluster/replication/route-event.js';
import { RoutePublisher } from '../cluster/replication/route-publisher.js';
import { WatchedTable } from '../cluster/replication/watched-table.js';
import { notePrincipal } from '../transport/access/principals.js';
import { problemOf } from '../transport/errors/problem.js';
import type { RpcErrors } from '../transport/errors/rpc-errors.js';
import { Lifecycle } from '../transport/lifecycle.js';
import { EventStream } from './event-stream.js';
import { GatewayRoutes } from './gateway-routes.js';
import { WatchRpc } from './watch.grpc.js';

/** An answer that a client reads, or not. */
class FakeResponse extends EventEmitter {
  headersSent = false;
  writableNeedDrain = false;
  hasEnded = false;
  isDestroyed = false;
  text = '';

  writeHead(): void {
    this.headersSent = true;
  }

  write(text: string): void {
    this.text += text;
  }

  end(text: string): void {
    this.text += text;
    this.hasEnded = true;
  }

  destroy(): void {
    this.isDestroyed = true;
  }

  /** The reason with which it ended; undefined: it has not. */
  get reason(): string | undefined {
    return /^event: end\nretry: \d+\ndata: .*"reason":"(\w+)"/m.exec(this.text)?.[1];
  }
}

describe('routes by server-sent events', () => {
  let now: number;
  let feed: FakeFeed;
  let publisher: RoutePublisher;
  let own: WatchedTable;
  let lifecycle: Lifecycle;
  let terms: Terms;
  let gateways: GatewayRoutes;

  beforeEach(() => {
    now = 0;
    own = new WatchedTable({ clock: { now: () => now }, bound: 30_000 });
    feed = new FakeFeed().put(aRow('a', 's'));
    publisher = new RoutePublisher(feed);
    publisher.join({ isFree: true, send: (event: RouteEvent) => own.table.take(event, now) }, null, now);
    lifecycle = new Lifecycle();
    terms = new Terms(lifecycle);
    gateways = new GatewayRoutes(lifecycle, terms, own);
  });

  /** Watches, and returns what is to be called when the stream has ended. */
  const watch = (response: FakeResponse | ServerResponse, credential = 'gw'): (() => void) =>
    gateways.watch(
      new EventStream(response as ServerResponse, {}, { watcher: 'w', credential }, (cause) =>
        problemOf((cause ?? lifecycle.farewell()).facts, '/', () => 0),
      ),
      null,
    );

  const tell = (): void => publisher.changed(...feed.takeChanges(), now);

  /** Seconds one after the other, each with its tick. */
  function pass(seconds: number): void {
    for (let nth = 0; nth < seconds; nth += 1) {
      now += 1_000;
      publisher.beat(now);
      own.tick(now);
    }
  }

  it('are told 250 at a time, and only the last of what belongs together has an id', () => {
    for (let nth = 0; nth < 600; nth += 1) feed.put(aRow(`m${nth}`, 's'));
    tell();
    const response = new FakeResponse();
    watch(response);
    const events = response.text.trim().split('\n\n');
    const data = events.map((event) => JSON.parse(/^data: (.*)$/m.exec(event)![1]!));
    expect(data.map(({ rows, servers }) => rows.length + servers.length)).toEqual([250, 250, 102]);
    expect(events.map((event) => /^id: (.*)$/m.exec(event)?.[1])).toEqual([undefined, undefined, '1-601']);
  });

  it('have places beside those over gRPC: the youngest of who has most ends with busy, and its id stays good', () => {
    const refused: string[] = [];
    const errors = { of: (error: unknown) => error } as unknown as RpcErrors;
    const handlers = new WatchRpc(errors, lifecycle, { warn: () => undefined }, terms, gateways).handlers();
    const overGrpc = (credential: string): void => {
      const request = { watcher: 'w', have: null, peer: null };
      const stream = { request, metadata: new Metadata(), write: () => true };
      const call = Object.assign(new EventEmitter(), stream);
      notePrincipal(call.metadata, { ...ANONYMOUS, credential });
      call.on('error', ({ facts }) => refused.push(`${credential}: ${facts.reason}`));
      (handlers['watchRoutes'] as (call: unknown) => void)(call);
    };
    for (let nth = 1; nth < MAX_GATEWAYS; nth += 1) overGrpc('red');
    const [youngest, ofBlue] = [new FakeResponse(), new FakeResponse()];
    watch(youngest, 'red');
    watch(ofBlue, 'blue');
    expect([youngest.reason, youngest.hasEnded, ofBlue.reason]).toEqual(['busy', true, undefined]);
    overGrpc('green');
    expect(refused).toEqual(['red: busy']);
    expect(() => watch(new FakeResponse(), 'red')).toThrow('at most 500 gateways may watch one Berth');
  });

  it('are not held for a client that does not read: it is cut off', () => {
    const response = new FakeResponse();
    watch(response);
    response.writableNeedDrain = true;
    const before = response.text;
    pass(10);
    expect(response).toMatchObject({ isDestroyed: true, text: before });
    pass(10);
    expect(own.gateways.size).toBe(0);
  });

  it('come as they are by then to a client that reads again', () => {
    const response = new FakeResponse();
    watch(response);
    response.writableNeedDrain = true;
    for (let nth = 0; nth < 5; nth += 1) {
      feed.put(aRow(`m${nth}`, 's'));
      tell();
    }
    response.writableNeedDrain = false;
    gateways.flush();
    expect(response.text.match(/^id: .*$/gm)).toEqual(['id: 1-1', 'id: 1-6']);
  });

  it.each([
    ['no_leader', () => void (now += 31_000)],
    ['shutting_down', () => lifecycle.end()],
  ])('end with %s, and are refused with it', (reason, happens) => {
    const response = new FakeResponse();
    watch(response);
    happens();
    if (lifecycle.isEnding) own.gateways.endAll();
    else own.gateways.tick(now);
    expect([response.reason, response.hasEnded]).toEqual([reason, true]);
    const other = new FakeResponse();
    expect(() => watch(other)).toThrow(
      expect.objectContaining({ facts: expect.objectContaining({ reason }) }),
    );
    expect(other.headersSent).toBe(false);
  });

  it('are told no more once the client has left', () => {
    const response = new FakeResponse();
    const leave = watch(response);
    leave();
    const before = response.text;
    pass(10);
    expect([response.text, own.gateways.size]).toEqual([before, 0]);
  });

  describe('over a connection', () => {
    let server: Server;

    afterEach(() => {
      server.closeAllConnections();
      server.close();
    });

    it('hold one event at a time of a client that reads nothing, until it is cut off', async () => {
      for (let nth = 0; nth < 100_000; nth += 1) feed.put(aRow(`${nth}-${'m'.repeat(100)}`, 's'));
      tell();
      let response: ServerResponse | undefined;
      server = createServer((_, answer) => {
        response = answer;
        watch(answer);
        answer.on('drain', () => gateways.flush());
      });
      await once(server.listen(0, '127.0.0.1'), 'listening');
      const client = connect((server.address() as AddressInfo).port, '127.0.0.1').pause();
      client.on('error', () => undefined).write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      // What the system holds for both ends is less than the 25 MB of the table.
      let held = 0;
      await until(() => {
        const before = held;
        held = response?.socket?.bytesWritten ?? 0;
        return held > 0 && held === before && response?.writableNeedDrain;
      });
      expect(response!.writableLength).toBeLessThan(128 * 1_024);
      pass(10);
      expect(response!.destroyed).toBe(true);
      client.destroy();
    });
  });
});
