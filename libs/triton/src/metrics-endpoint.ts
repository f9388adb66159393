import type { MetricsSample } from '#core';
import { parseMetrics } from './metrics-text.js';

const WITHIN_MS = 2_000;
const LARGEST_BODY = 8 * 2 ** 20;

/** Reads the metrics of a server, within 2 s by default and 8 MiB. Null for whatever goes wrong: a look does without. */
export async function readMetrics(
  url: string,
  closing: AbortSignal,
  withinMs = WITHIN_MS,
): Promise<MetricsSample | null> {
  if (closing.aborted) return null;
  // Not AbortSignal.any with AbortSignal.timeout: Node 20 may collect the pair, and then it never fires.
  const over = new AbortController();
  const end = () => over.abort();
  const timer = setTimeout(end, withinMs);
  closing.addEventListener('abort', end);
  try {
    return await fetchMetrics(url, over.signal);
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
    closing.removeEventListener('abort', end);
  }
}

async function fetchMetrics(url: string, signal: AbortSignal): Promise<MetricsSample | null> {
  const response = await fetch(url, { signal, redirect: 'error' });
  if (response.status === 200 && response.body !== null) return parseMetrics(await read(response.body));
  await response.body?.cancel();
  return null;
}

async function read(body: ReadableStream<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body) {
    size += part.length;
    if (size > LARGEST_BODY) throw new Error('the metrics are too large');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
