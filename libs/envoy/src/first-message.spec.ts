import { deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import protobuf from 'protobufjs/minimal.js';
import { FirstMessage, MAX_READ, type Named, Unreadable } from './first-message.js';

type Field = readonly [number, string | Buffer];

/** A message of fields with lengths. */
const messageOf = (...fields: readonly Field[]): Buffer => {
  const writer = protobuf.Writer.create();
  for (const [number, value] of fields) writer.uint32((number << 3) | 2).bytes(Buffer.from(value));
  return Buffer.from(writer.finish());
};

const framed = (message: Buffer, flag = 0): Buffer => {
  const head = Buffer.alloc(5);
  head[0] = flag;
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
};

const M: Field = [1, 'resnet'];
const V: Field = [2, '7'];
const named = { model: 'resnet', version: '7' };
const bulk = (bytes: number): Field => [7, Buffer.alloc(bytes, 'x')];

const read = (body: Buffer, encoding = 'identity'): Named | undefined =>
  new FirstMessage(encoding).push(body, true);

describe('the name in the first message', () => {
  it('is found in fields of any order', () => {
    for (const fields of [
      [M, V],
      [V, M],
      [bulk(100), M, V],
      [M, bulk(100), V],
      [V, bulk(9), bulk(60_000), M],
    ])
      expect(read(framed(messageOf(...fields)))).toEqual(named);
  });

  it('is the last one, as protobuf has it', () => {
    expect(read(framed(messageOf([1, 'first'], M, V)))).toEqual(named);
  });

  it('is none behind 64 KiB', () => {
    expect(read(framed(messageOf(bulk(MAX_READ), M)))).toEqual({ model: '', version: '' });
  });

  it('is found before a tensor that has not come whole', () => {
    const body = framed(messageOf(M, bulk(10_000_000)));
    expect(read(body.subarray(0, 1_000))).toEqual({ model: 'resnet', version: '' });
  });

  it('comes in chunks of any size', () => {
    const body = framed(messageOf(bulk(30), M, V));
    fc.assert(
      fc.property(fc.array(fc.nat(body.length)), (cuts) => {
        const message = new FirstMessage('identity');
        const ends = [...cuts.toSorted((one, other) => one - other), body.length];
        const found = ends.map((end, nth) => message.push(body.subarray(ends[nth - 1] ?? 0, end), false));
        expect(found.find((one) => one !== undefined)).toEqual(named);
      }),
    );
  });

  it('is of the first message where others follow', () => {
    const first = framed(messageOf(M, V));
    expect(read(Buffer.concat([first, framed(messageOf([1, 'other']))]))).toEqual(named);
  });

  it('is read of compressed messages, also where they are cut off', () => {
    const message = messageOf(bulk(5_000), M, V, [
      7,
      Buffer.from(Array.from({ length: 90_000 }, () => Math.random() * 256)),
    ]);
    for (const [encoding, compress] of [
      ['gzip', gzipSync],
      ['deflate', deflateSync],
    ] as const) {
      const body = framed(compress(message), 1);
      expect(read(body, encoding)).toEqual(named);
      expect(read(body.subarray(0, 8_000), encoding)).toEqual(named);
    }
  });

  it('is looked for in no more of a bomb than in other messages', () => {
    const bomb = gzipSync(messageOf(bulk(60_000_000), M));
    expect(bomb.length).toBeLessThan(MAX_READ);
    expect(read(framed(bomb, 1), 'gzip')).toEqual({ model: '', version: '' });
  });

  it('is in no body that is none of gRPC', () => {
    const message = messageOf(M);
    expect(() => read(Buffer.from('x'))).toThrow(Unreadable);
    expect(() => read(framed(message, 2))).toThrow('must be gRPC messages');
    expect(() => read(framed(message, 1), 'snappy')).toThrow('must be gzip or deflate');
    expect(() => read(framed(message, 1), 'constructor')).toThrow('must be gzip or deflate');
    expect(() => read(framed(message, 1), 'gzip')).toThrow('must be what grpc-encoding says');
  });

  it('makes an answer or a refusal of any bytes', () => {
    const bytes = fc.uint8Array({ maxLength: 300 });
    fc.assert(
      fc.property(
        bytes,
        fc.constantFrom('gzip', 'deflate', 'identity'),
        fc.nat(2),
        (told, encoding, flag) => {
          try {
            expect(read(framed(Buffer.from(told), flag), encoding)).toEqual({
              model: expect.any(String),
              version: expect.any(String),
            });
          } catch (error) {
            expect(error).toBeInstanceOf(Unreadable);
          }
        },
      ),
    );
  });
});
