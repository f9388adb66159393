import { Socket } from 'node:net';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { Metadata, type ServerInterceptingCallInterface, status } from '@grpc/grpc-js';
import { pino } from 'pino';
import { FakeAccess } from '../../../../../test/support/fake-access.js';
import { RpcErrors } from '../errors/rpc-errors.js';
import { guardGrpc } from './grpc-guard.js';
import { principalOverGrpc } from './principals.js';

const SAN = 'URI:spiffe://cluster/ns/keda';
const GET_FLEET = '/berth.v1.Admin/GetFleet';

/** A connection with a certificate that remembers how often that was read, and what its calls were told. */
class Connection {
  readonly socket = new Socket();
  readonly told: (status | Metadata)[] = [];
  reads = 0;

  constructor(private readonly subjectaltname: string | undefined) {}

  call(path: string): { path: string; socket: Socket; inner: ServerInterceptingCallInterface } {
    const inner = {
      getAuthContext: () => {
        this.reads += 1;
        return { sslPeerCertificate: { subjectaltname: this.subjectaltname } };
      },
      sendStatus: ({ code }: { code: status }) => void this.told.push(code),
    };
    return { path, socket: this.socket, inner: inner as unknown as ServerInterceptingCallInterface };
  }
}

describe('the guard of gRPC', () => {
  const access = new FakeAccess();
  const guard = guardGrpc(() => access, new RpcErrors(pino({ level: 'silent' }), () => 0));
  let keda: Connection;

  beforeEach(() => {
    access.know(SAN, { role: 'viewer', tenant: 'keda' });
    keda = new Connection(SAN);
  });

  const ask = (connection: Connection, path = GET_FLEET): void =>
    guard(connection.call(path), new Metadata(), (metadata) => connection.told.push(metadata));

  it('reads the certificate of a connection once', () => {
    for (const _ of [1, 2, 3]) ask(keda);
    expect([keda.told.length, keda.reads]).toEqual([3, 1]);
    expect(principalOverGrpc(keda.told[2] as Metadata).tenant).toBe('keda');
  });

  it('knows a caller by the certificate of its own connection alone', () => {
    const nobody = new Connection(undefined);
    ask(keda);
    ask(nobody);
    expect(nobody.told).toEqual([status.UNAUTHENTICATED]);
  });

  it('refuses a method of which is not said what it needs', () => {
    ask(keda, '/berth.v1.Admin/Forgotten');
    expect(keda.told).toEqual([status.PERMISSION_DENIED]);
  });

  it('lets a handler of a method that needs nothing find no caller', () => {
    ask(new Connection(undefined), '/grpc.health.v1.Health/Check');
    expect(() => principalOverGrpc(new Metadata())).toThrow('not admitted');
  });
});
