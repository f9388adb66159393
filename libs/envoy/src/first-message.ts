import { constants, gunzipSync, inflateSync } from 'node:zlib';
import protobuf from 'protobufjs/minimal.js';

/** Bytes of a message that are read for names, and of a body that are held for that. */
export const MAX_READ = 64 * 2 ** 10;
/** Before each message gRPC has a byte that says whether it is compressed, and its length. */
const FRAME = 5;
/** The fields of all requests that name a model: `model_name` or `name`, and `model_version` or `version`. */
const MODEL = (1 << 3) | 2;
const VERSION = (2 << 3) | 2;

/** What a message names; an empty text is none. */
export interface Named {
  readonly model: string;
  readonly version: string;
}

/** Why a body names nothing. */
export class Unreadable extends Error {}

/**
 * Finds the model in the first message of a gRPC body: chunks are pushed until it says what is named. `encoding` is the header
 * `grpc-encoding`.
 */
export class FirstMessage {
  private body: Buffer = Buffer.alloc(0);

  constructor(private readonly encoding: string) {}

  /**
   * What the message names; undefined: more of it has to come. `isLast`: nothing more comes here. Fields may have any order, and as in
   * protobuf the last of a kind counts, within the first 64 KiB. Throws `Unreadable`.
   */
  push(chunk: Buffer, isLast: boolean): Named | undefined {
    const body = this.body.length === 0 ? chunk : Buffer.concat([this.body, chunk]);
    this.body = body;
    const length = body.length < FRAME ? Infinity : body.readUInt32BE(1);
    const isEnough = body.length >= FRAME + length || body.length >= MAX_READ || isLast;
    if (!isEnough) return undefined;
    if (body.length < FRAME) throw new Unreadable('the body must have a message');
    const message = body.subarray(FRAME, Math.min(FRAME + length, MAX_READ));
    const [flag] = body;
    if (flag === 0) return namesIn(message).named;
    if (flag === 1) return namesInCompressed(message, this.encoding);
    throw new Unreadable('the body must be gRPC messages');
  }
}

function namesIn(message: Buffer): { readonly named: Named; readonly isPast: boolean } {
  const named = { model: '', version: '' };
  const reader = protobuf.Reader.create(message);
  let isPast = false;
  try {
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      if (tag === MODEL) named.model = reader.string();
      else if (tag === VERSION) named.version = reader.string();
      else {
        isPast = true;
        reader.skipType(tag & 7);
      }
    }
  } catch {
    // The rest is cut off, or no protobuf: Triton judges it.
  }
  return { named, isPast };
}

/** zlib makes 1,032 bytes of one at most. */
const MOST_OF_ONE = 1_032;
const FIRST_PART = 64;

const INFLATE = new Map([
  ['gzip', gunzipSync],
  ['deflate', inflateSync],
]);

/** Inflates no more than it takes to find the names: a longer part each time, as nothing says how much a part becomes. */
function namesInCompressed(message: Buffer, encoding: string): Named {
  const inflate = INFLATE.get(encoding);
  if (!inflate) throw new Unreadable('grpc-encoding must be gzip or deflate where a message is compressed');
  for (let part = FIRST_PART; ; part *= 2) {
    const bytes = inflated(inflate, message.subarray(0, part));
    const { named, isPast } = namesIn(bytes.subarray(0, MAX_READ));
    const isFound = named.model !== '' && (named.version !== '' || isPast);
    if (isFound || bytes.length >= MAX_READ || part >= message.length) return named;
  }
}

function inflated(inflate: typeof gunzipSync, part: Buffer): Buffer {
  try {
    return inflate(part, {
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: (part.length + 1) * MOST_OF_ONE,
    });
  } catch {
    throw new Unreadable('a compressed message must be what grpc-encoding says');
  }
}
