import { until } from './until.js';

/** One server-sent event. */
export interface SentEvent {
  readonly event: string;
  /** Null: it has none. */
  readonly id: string | null;
  readonly retry: number | null;
  // eslint-disable-next-line typescript/no-explicit-any -- what it is differs from test to test
  readonly data: any;
}

/** Watches routes over HTTP, as a gateway does: it keeps a table by what it is told. */
export class EventReader {
  readonly events: SentEvent[] = [];
  /** `model@server` of each row. */
  readonly rows = new Set<string>();
  /** Whether no more comes. */
  hasEnded = false;
  private readonly gone = new AbortController();

  private constructor(readonly response: Response) {}

  /** Resolves once the head of the answer has come. */
  static async open(base: string, headers: Record<string, string> = {}, query = ''): Promise<EventReader> {
    const gone = new AbortController();
    const response = await fetch(`${base}/v1/routes/watch${query}`, { headers, signal: gone.signal });
    const reader = new EventReader(response);
    reader.gone.signal.addEventListener('abort', () => gone.abort());
    reader.read().catch(() => (reader.hasEnded = true));
    return reader;
  }

  /** Of the last event that had one: what a client says when it comes back. */
  get lastId(): string {
    return this.events.findLast(({ id }) => id !== null)?.id ?? '';
  }

  /** The first event that passes, once it has come. */
  async first(passes: (event: SentEvent) => boolean = () => true): Promise<SentEvent> {
    return await until(() => this.events.find(passes));
  }

  close(): void {
    this.gone.abort();
  }

  private async read(): Promise<void> {
    let text = '';
    for await (const chunk of this.response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const whole = text.split('\n\n');
      text = whole.pop() ?? '';
      for (const one of whole) this.take(eventIn(one));
    }
    this.hasEnded = true;
  }

  private take(sent: SentEvent): void {
    this.events.push(sent);
    if (sent.event !== 'routes') return;
    if (sent.data.resets) this.rows.clear();
    for (const { model, server } of sent.data.rows) this.rows.add(`${model}@${server}`);
    for (const { model, server } of sent.data.gone) this.rows.delete(`${model}@${server}`);
  }
}

function eventIn(text: string): SentEvent {
  const fields = new Map(
    text.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
  );
  return {
    event: fields.get('event') ?? 'message',
    id: fields.get('id') ?? null,
    retry: fields.has('retry') ? Number(fields.get('retry')) : null,
    data: JSON.parse(fields.get('data') ?? 'null'),
  };
}
