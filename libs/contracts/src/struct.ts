/** google.protobuf.Value as proto-loader hands it over. */
interface Value {
  readonly nullValue?: unknown;
  readonly numberValue?: number;
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly structValue?: Struct;
  readonly listValue?: { readonly values?: readonly Value[] };
}

/** google.protobuf.Struct as proto-loader hands it over: free JSON inside a message. */
export interface Struct {
  readonly fields?: Readonly<Record<string, Value>>;
}

/** Writes a JSON object as a Struct. */
export function toStruct(json: Readonly<Record<string, unknown>>): Struct {
  const fields = Object.entries(json).filter(([, value]) => value !== undefined);
  return { fields: Object.fromEntries(fields.map(([key, value]) => [key, toValue(value)])) };
}

/** Reads a Struct back as a JSON object. */
export function fromStruct(struct: Struct): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(struct.fields ?? {}).map(([key, value]) => [key, fromValue(value)]),
  );
}

function toValue(json: unknown): Value {
  switch (typeof json) {
    case 'number':
      return { numberValue: json };
    case 'string':
      return { stringValue: json };
    case 'boolean':
      return { boolValue: json };
    case 'object':
      if (json === null) break;
      if (Array.isArray(json)) return { listValue: { values: json.map(toValue) } };
      return { structValue: toStruct(json as Record<string, unknown>) };
    default:
  }
  return { nullValue: 'NULL_VALUE' };
}

function fromValue(value: Value): unknown {
  if (value.numberValue !== undefined) return value.numberValue;
  if (value.stringValue !== undefined) return value.stringValue;
  if (value.boolValue !== undefined) return value.boolValue;
  if (value.structValue != null) return fromStruct(value.structValue);
  if (value.listValue != null) return (value.listValue.values ?? []).map(fromValue);
  return null;
}
