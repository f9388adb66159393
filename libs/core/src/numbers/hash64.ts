/** A number of 64 bits as two of 32 bits, both unsigned. Warm routes are picked by such numbers, and BigInt is slow. */
export interface Bits64 {
  readonly high: number;
  readonly low: number;
}

const OFFSET_BASIS: Bits64 = { high: 0xcbf29ce4, low: 0x84222325 };
/** The prime is 2^40 and this. */
const PRIME = 0x1b3;

const ASCII = /^[\0-\x7f]*$/;
const UTF8 = new TextEncoder();

/** The 64-bit FNV-1a of a text in UTF-8. `from` is the hash of what stands before the text. */
export function fnv1a64(text: string, from = OFFSET_BASIS): Bits64 {
  const bytes = ASCII.test(text) ? null : UTF8.encode(text);
  const { length } = bytes ?? text;
  let { high, low } = from;
  for (let at = 0; at < length; at += 1) {
    low = (low ^ (bytes ? bytes[at]! : text.charCodeAt(at))) >>> 0;
    const product = low * PRIME;
    high = Math.imul(high, PRIME) + (low << 8) + Math.floor(product / 2 ** 32);
    low = product >>> 0;
  }
  return { high: high >>> 0, low };
}

/** The finalizer of MurmurHash3 (`fmix64`): without it hashes of texts that differ in their last letter alone are nearly equal. */
export function fmix64(bits: Bits64): Bits64 {
  const once = times(folded(bits), { high: 0xff51afd7, low: 0xed558ccd });
  return folded(times(folded(once), { high: 0xc4ceb9fe, low: 0x1a85ec53 }));
}

/** `k ^= k >>> 33` */
const folded = ({ high, low }: Bits64): Bits64 => ({ high, low: (low ^ (high >>> 1)) >>> 0 });

/** The lower 64 bits of the product. */
function times(one: Bits64, other: Bits64): Bits64 {
  const crosswise = Math.imul(one.high, other.low) + Math.imul(one.low, other.high);
  return {
    high: (carryOf(one.low, other.low) + crosswise) >>> 0,
    low: Math.imul(one.low, other.low) >>> 0,
  };
}

/** The upper 32 bits of the product of two numbers of 32 bits, by halves of 16 bits. */
function carryOf(one: number, other: number): number {
  const upper = one >>> 16;
  const lower = one & 0xffff;
  const left = upper * (other & 0xffff) + ((lower * (other & 0xffff)) >>> 16);
  const right = lower * (other >>> 16) + (left & 0xffff);
  return upper * (other >>> 16) + (left >>> 16) + (right >>> 16);
}

/** Which of two is more; 0: they are equal. */
export const compareBits = (one: Bits64, other: Bits64): number =>
  one.high - other.high || one.low - other.low;
