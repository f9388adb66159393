import { describe, expect, it } from '@jest/globals';
import { troubleOf } from './troubles.js';

describe('what is told of a server that is not reached', () => {
  it.each([
    [
      'not_grpc',
      'h:8000',
      "h:8000 does not speak gRPC: port 8000 is Triton's HTTP port; its gRPC port is usually 8001",
    ],
    [
      'closed',
      'h:8002',
      expect.stringContaining("port 8002 is Triton's metrics port; its gRPC port is usually 8001"),
    ],
    ['not_grpc', 'h:9000', 'h:9000 does not speak gRPC'],
    ['refused', '[::1]:8000', '[::1]:8000 refuses connections: no process listens there'],
    ['unresolvable', 'nowhere:8001', 'the host name nowhere cannot be resolved'],
  ] as const)('%s at %s', (reason, address, detail) => {
    expect(troubleOf(address, reason)).toEqual({ reason, detail });
  });

  it('has the words of the library where it knows more', () => {
    expect(troubleOf('h:1', 'no_handshake', 'self-signed certificate').detail).toMatch(
      /: self-signed certificate$/,
    );
  });
});
