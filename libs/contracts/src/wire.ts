import { isUtf8 } from 'node:buffer';
import type { PackageDefinition } from '@grpc/proto-loader';
import protobuf from 'protobufjs/minimal.js';

/** What is read of a message's description, as proto-loader hands it over. */
interface Description {
  readonly name: string;
  readonly field: readonly {
    readonly name: string;
    readonly number: number;
    readonly type: string;
    readonly typeName: string;
  }[];
  readonly nestedType: readonly Description[];
  readonly options: { readonly mapEntry?: boolean } | null;
}

/** A kind of message: its texts, and its messages. Other fields are as they are. */
export interface Shape {
  /** Whether it is an entry of a map: key and value. */
  readonly isEntry: boolean;
  /** Whether its fields have no names for people: free JSON. */
  readonly isFree: boolean;
  readonly fields: ReadonlyMap<number, FieldShape>;
}

interface FieldShape {
  readonly name: string;
  /** The kind of message that it holds; undefined: it is a text. */
  readonly inner: (() => Shape) | undefined;
}

export const NOT_UNICODE = 'must be valid Unicode: UTF-8, without lone surrogates';
/** Bound of keys or entries of an object, a list or a message. */
export const MAX_ENTRIES = 10_000;
export const TOO_MANY = 'must have at most 10,000 entries';

/** Bytes are no such message, too deep a one, or they break `rule` at the place where `at` leads. */
export class WireFault extends Error {
  constructor(
    readonly rule?: string,
    readonly at: readonly string[] = [],
  ) {
    super('not such a message');
  }
}

/** The kinds of messages of a package, by their full names. */
export function shapesOf(definition: PackageDefinition): (name: string) => Shape {
  const described = Object.entries(definition).flatMap(([name, { type }]) => {
    const { field } = (type ?? {}) as Partial<Description>;
    return field === undefined ? [] : [[name, type as unknown as Description] as const];
  });
  const shapes = new Map(
    described.map(([name, description]) => [name, shapeOf(name, description, (inner) => find(name, inner))]),
  );
  /** A name may leave out the package it is used in. */
  const find = (user: string, name: string): Shape =>
    shapes.get(name) ?? shapes.get(`${user.slice(0, user.lastIndexOf('.'))}.${name}`) ?? EMPTY;
  return (name) => shapes.get(name) ?? EMPTY;
}

const EMPTY: Shape = { isEntry: false, isFree: false, fields: new Map() };

function shapeOf(
  name: string,
  { field, nestedType, options }: Description,
  find: (name: string) => Shape,
): Shape {
  const nested = new Map(nestedType.map((one) => [one.name, shapeOf(name, one, find)]));
  const told = field.filter(({ type }) => type === 'TYPE_STRING' || type === 'TYPE_MESSAGE');
  const fields = told.map(({ number, type, typeName, ...named }): [number, FieldShape] => {
    const inner = type === 'TYPE_STRING' ? undefined : () => nested.get(typeName) ?? find(typeName);
    return [number, { name: named.name, inner }];
  });
  const isFree = name.startsWith('google.protobuf.');
  return { isEntry: options?.mapEntry === true, isFree, fields: new Map(fields) };
}

/**
 * Throws where the bytes are cut off, and a WireFault where a text in them is no UTF-8, or where messages are nested too deep or
 * have too many fields. The decoder would take the rest of a text for the whole, and other characters for what is none.
 */
export function checkWire(bytes: Buffer, shape: Shape): void {
  new Walk(bytes).through(shape, bytes.length, 0);
}

/** The decoder of protobufjs takes no message that is nested deeper in others; an entry of a map does not count. */
const DEEPEST = 100;

/** The wire type of what has its length before it: a text, or a message. */
const COUNTED = 2;

class Walk {
  private readonly reader: protobuf.Reader;
  /** What leads to the field at hand: a name, a key, or an empty text where the step has no name. */
  private readonly path: string[] = [];

  constructor(private readonly bytes: Buffer) {
    this.reader = protobuf.Reader.create(bytes);
  }

  through(shape: Shape, end: number, depth: number): void {
    if (depth > DEEPEST) throw new WireFault();
    const { reader } = this;
    let key = '';
    for (let nth = 0; reader.pos < end; nth += 1) {
      if (nth === MAX_ENTRIES) throw this.fault(TOO_MANY);
      const tag = reader.uint32();
      const field = shape.fields.get(tag >>> 3);
      if (field === undefined || (tag & 7) !== COUNTED) {
        reader.skipType(tag & 7);
        continue;
      }
      const text = this.field(field, stepTo(shape, field, key), { end, depth });
      if (shape.isEntry && field.name === 'key') key = text;
    }
    if (reader.pos > end) throw new WireFault();
  }

  /** Returns the text that the field is; for a message nothing is said. */
  private field(
    { inner }: FieldShape,
    step: string,
    { end, depth }: { readonly end: number; readonly depth: number },
  ): string {
    const { reader } = this;
    const stop = reader.uint32() + reader.pos;
    if (stop > end) throw new WireFault();
    this.path.push(step);
    const shape = inner?.();
    const text = shape ? '' : this.text(stop);
    if (shape) this.through(shape, stop, shape.isEntry ? depth : depth + 1);
    this.path.pop();
    return text;
  }

  private text(stop: number): string {
    const bytes = this.bytes.subarray(this.reader.pos, stop);
    if (!isUtf8(bytes)) throw this.fault(NOT_UNICODE);
    this.reader.pos = stop;
    return bytes.toString();
  }

  private fault(rule: string): WireFault {
    return new WireFault(
      rule,
      this.path.filter((step) => step !== ''),
    );
  }
}

/** The step of the path to a field; an empty text: it has no name. */
const stepTo = ({ isEntry, isFree }: Shape, { name }: FieldShape, key: string): string =>
  isEntry ? key : isFree ? '' : name;
