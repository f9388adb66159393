import type { ServiceDefinition } from '@grpc/proto-loader';

/** What a handler gets in place of a request that is no protobuf: grpc-js would call it our own fault. */
export class MalformedRequest {
  readonly rule = 'must be a well-formed message';
}

/** The service with requests that always decode: to a message, or to a MalformedRequest. */
export function tolerant(service: ServiceDefinition): ServiceDefinition {
  const methods = Object.entries(service).map(([name, method]) => {
    const requestDeserialize = (bytes: Buffer): object => {
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
