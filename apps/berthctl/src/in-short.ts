/** An event, an action or another thing of the core in one line: its kind, and those of its values that are short. */
export function inShort({ kind, ...rest }: { readonly kind: string }): string {
  return [kind, ...Object.entries(rest).flatMap(([key, value]) => word(key, value))].join(' ');
}

/** Any value as one line of JSON, with the maps, sets and infinities that a fleet has in it. */
export const asJson = (value: unknown, indent?: number): string =>
  JSON.stringify(value, (_, inner: unknown) => plain(inner), indent) ?? 'nothing';

/** A value in place of one that JSON cannot say. */
function plain(value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries(value as Map<string, unknown>);
  if (value instanceof Set) return [...(value as Set<unknown>)];
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

function word(key: string, value: unknown): string[] {
  const found = short(value);
  return found === undefined ? [] : [`${key}=${found}`];
}

/** A thing with an id or a kind is told by it, a list by its names or its length; what has neither is left out. */
function short(value: unknown): string | undefined {
  if (value === null || value === undefined || value === '') return undefined;
  if (typeof value === 'string') return value;
  if (typeof value !== 'object') return asJson(value);
  if (Array.isArray(value)) return list(value);
  const { id, kind, reason, model } = value as Readonly<Record<string, unknown>>;
  const words = [kind, reason, id, model].filter((one) => typeof one === 'string');
  return words.length > 0 ? words.join('/') : undefined;
}

const FEW = 5;

function list(values: readonly unknown[]): string | undefined {
  if (values.length === 0) return undefined;
  const names = values.map(short);
  return values.length > FEW || names.includes(undefined) ? `${values.length} of them` : names.join(',');
}
