import type { ServiceDefinition } from '@grpc/proto-loader';

/** What a handler gets in place of a request that is no protobuf, or too long: grpc-js would call it our own fault. */
export class MalformedRequest {
  constructor(
    readonly reason: 'invalid_request' | 'too_large' = 'invalid_request',
    readonly rule = 'must be a well-formed message',
  ) {}
}

/** The longest message that a method takes, in bytes. */
const MOST_BYTES = 64 * 2 ** 10;

/** The service with requests that always decode: to a message, or to a MalformedRequest. */
export function tolerant(
  service: ServiceDefinition,
  limits: Readonly<Record<string, number>> = {},
): ServiceDefinition {
  const methods = Object.entries(service).map(([name, method]) => {
    const most = limits[name] ?? MOST_BYTES;
    const requestDeserialize = (bytes: Buffer): object => {
      if (bytes.length > most)
        return new MalformedRequest('too_large', `may have at most ${most / 2 ** 10} KiB`);
      try {
        return method.requestDeserialize(bytes);
      } catch {
        return new MalformedRequest();
      }
    };
    return [name, { ...method, requestDeserialize }] as const;
  });
  return Object.fromEntries(methods);
}
