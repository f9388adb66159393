/** `envoy.service.ext_proc.v3.ProcessingRequest`: one of the parts is there. */
export interface ProcessingRequest {
  readonly requestHeaders?: HttpHeaders;
  readonly requestBody?: HttpBody;
  readonly requestTrailers?: object;
  readonly responseHeaders?: HttpHeaders;
  readonly responseBody?: HttpBody;
  readonly responseTrailers?: object;
  readonly protocolConfig: { readonly requestBodyMode: number } | null;
}

interface HttpHeaders {
  readonly headers: { readonly headers: readonly HeaderValue[] } | null;
  readonly endOfStream: boolean;
}

interface HeaderValue {
  readonly key: string;
  readonly value: string;
  readonly rawValue: Buffer;
}

export interface HttpBody {
  readonly body: Buffer;
  readonly endOfStream: boolean;
}

/** `ProcessingResponse`. */
export type ProcessingResponse = Readonly<Record<string, unknown>>;

/** The modes of a request body, by their numbers. */
export const BODY_MODES = ['none', 'streamed', 'buffered', 'buffered', 'duplex'] as const;
export type BodyMode = (typeof BODY_MODES)[number];

/** The header, and the key in the metadata, that say where a request goes. */
export const DESTINATION = 'x-gateway-destination-endpoint';
const OVERWRITE = 2;
/** What Envoy takes in one part of a body. */
const MAX_PART = 62_000;

/** Has Envoy wait for an answer so long from now on. */
export const patienceOf = (millis: number): ProcessingResponse => ({
  overrideMessageTimeout: {
    seconds: Math.floor(millis / 1_000),
    nanos: Math.floor(millis % 1_000) * 1_000_000,
  },
});

/** Which part an answer is about. */
export type Part = 'requestHeaders' | 'requestBody' | 'responseHeaders' | 'responseBody';

/** Goes on without any change. */
export const unchanged = (part: Part): ProcessingResponse => ({ [part]: {} });
export const UNCHANGED_TRAILERS = { requestTrailers: {}, responseTrailers: {} };

/** Sends the request to `ip:port`; `path` takes the place of the one that was asked for. */
export const sentTo = (part: Part, address: string, path?: string): ProcessingResponse => ({
  [part]: {
    response: {
      headerMutation: headersOf({ [DESTINATION]: address, ...(path !== undefined && { ':path': path }) }),
    },
  },
  dynamicMetadata: struct({ 'envoy.lb': struct({ [DESTINATION]: { stringValue: address } }) }),
});

const struct = (fields: Readonly<Record<string, object>>): object => ({
  fields: Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, 'fields' in value ? { structValue: value } : value]),
  ),
});

export const headersOf = (headers: Readonly<Record<string, string>>): object => ({
  setHeaders: Object.entries(headers).map(([key, value]) => ({
    header: { key, rawValue: Buffer.from(value) },
    appendAction: OVERWRITE,
  })),
});

/** A part of a body as it came, in pieces that Envoy takes. */
export function* echoed(
  part: 'requestBody' | 'responseBody',
  { body, endOfStream }: HttpBody,
): Generator<ProcessingResponse> {
  for (let at = 0; ; at += MAX_PART) {
    const piece = body.subarray(at, at + MAX_PART);
    const isLast = at + MAX_PART >= body.length;
    const streamedResponse = { body: piece, endOfStream: endOfStream && isLast };
    yield { [part]: { response: { bodyMutation: { streamedResponse } } } };
    if (isLast) return;
  }
}
