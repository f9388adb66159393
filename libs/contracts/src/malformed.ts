import type { PackageDefinition, ServiceDefinition } from '@grpc/proto-loader';
import { checkWire, type Shape, shapesOf, WireFault } from './wire.js';

/** What a handler gets in place of a request that is no protobuf, or too long: grpc-js would call it our own fault. */
export class MalformedRequest {
  constructor(
    readonly reason: 'invalid_request' | 'too_large' = 'invalid_request',
    readonly rule = 'must be a well-formed message',
    /** The field that breaks the rule; empty: the whole. */
    readonly at: readonly string[] = [],
  ) {}
}

/** The longest message that a method takes, in bytes. */
const MAX_BYTES = 64 * 2 ** 10;

/** Writes a message, unless it is written already: an answer of another process is told as it came. */
export const unlessWritten =
  <Message extends object>(write: (message: Message) => Buffer) =>
  (message: Message | Buffer): Buffer =>
    Buffer.isBuffer(message) ? message : write(message);

/** The service with requests that always decode: to a message, or to a MalformedRequest. */
export function tolerant(
  definition: PackageDefinition,
  service: ServiceDefinition,
  limits: Readonly<Record<string, number>> = {},
): ServiceDefinition {
  const shapes = shapesOf(definition);
  const methods = Object.entries(service).map(([name, method]) => {
    const most = limits[name] ?? MAX_BYTES;
    const shape = requestShape(method, shapes);
    const requestDeserialize = (bytes: Buffer): object => {
      if (bytes.length > most)
        return new MalformedRequest('too_large', `may have at most ${most / 2 ** 10} KiB`);
      try {
        checkWire(bytes, shape);
        return method.requestDeserialize(bytes);
      } catch (error) {
        if (!(error instanceof WireFault)) return new MalformedRequest();
        return new MalformedRequest('invalid_request', error.rule, error.at);
      }
    };
    const responseSerialize = unlessWritten(method.responseSerialize);
    return [name, { ...method, requestDeserialize, responseSerialize }] as const;
  });
  return Object.fromEntries(methods);
}

/** The messages of requests are those of the package that the services are in. */
function requestShape(
  { path, requestType }: ServiceDefinition[string],
  shapes: (name: string) => Shape,
): Shape {
  const [, service = ''] = path.split('/');
  const { name } = (requestType as { readonly type: { readonly name: string } }).type;
  return shapes(`${service.slice(0, service.lastIndexOf('.'))}.${name}`);
}
