import { describe, expect, it } from '@jest/globals';
import { Refused } from '../../transport/errors/refused.js';
import type { Asked } from './asked.js';
import { Exchange, type ExchangeParts, OutOfOrder, type Picked } from './exchange.js';
import { DESTINATION, type ProcessingRequest, type ProcessingResponse } from './processing.js';

const [NONE, BUFFERED, PARTIAL, DUPLEX] = [0, 2, 3, 4];
const GRPC = { ':path': '/inference.GRPCInferenceService/ModelInfer', 'content-type': 'application/grpc' };
const HTTP = { ':path': '/v2/models/m/infer' };
const MESSAGE = Buffer.from([0, 0, 0, 0, 3, 10, 1, 109]);
const ADDRESS = '10.0.0.1:8001';

const headersOf = (headers: Readonly<Record<string, string>>) => ({
  headers: {
    headers: Object.entries(headers).map(([key, value]) => ({
      key,
      value: '',
      rawValue: Buffer.from(value),
    })),
  },
  endOfStream: false,
});
const request = (headers: Readonly<Record<string, string>>, mode = NONE): ProcessingRequest => ({
  requestHeaders: headersOf(headers),
  protocolConfig: { requestBodyMode: mode },
});
const part = (fields: Partial<ProcessingRequest>): ProcessingRequest => ({ protocolConfig: null, ...fields });
const body = (bytes: Buffer, endOfStream = false): ProcessingRequest =>
  part({ requestBody: { body: bytes, endOfStream } });

/** Envoy's side, and a picker that answers when it is told to. */
class Played {
  readonly told: ProcessingResponse[] = [];
  readonly asked: Asked[] = [];
  touched = 0;
  over = 0;
  isPaused = false;
  private answer: ((picked: Picked) => void) | undefined;
  private refuse: ((error: Error) => void) | undefined;
  readonly exchange: Exchange;

  constructor(isWarm = true, answered: Picked['answered'] = () => undefined) {
    const picked: Picked = {
      address: ADDRESS,
      touched: () => (this.touched += 1),
      over: () => (this.over += 1),
      answered,
    };
    const parts: ExchangeParts = {
      pick: (asked, waits) => {
        this.asked.push(asked);
        if (isWarm) return picked;
        waits();
        return new Promise((answer, refuse) => Object.assign(this, { answer, refuse }));
      },
      refusal: (error) => ({ immediateResponse: (error as Refused).facts.reason }),
      tell: (answer) => this.told.push(answer),
      pause: () => (this.isPaused = true),
      resume: () => (this.isPaused = false),
      patience: () => ({ overrideMessageTimeout: {} }),
    };
    this.exchange = new Exchange(parts);
    this.come = () => this.answer!(picked);
    this.fail = () => this.refuse!(new Refused({ reason: 'loading' }));
  }

  readonly come: () => void;
  readonly fail: () => void;

  take(...messages: readonly ProcessingRequest[]): this {
    for (const message of messages) this.exchange.take(message);
    return this;
  }

  /** What Envoy was told, in short. */
  get short(): string[] {
    return this.told.map((answer) => {
      const [key, value] = Object.entries(answer)[0]!;
      const text = JSON.stringify(value);
      if (key === 'immediateResponse') return `refused ${String(value)}`;
      return `${key}${text.includes(DESTINATION) ? ' sent' : ''}${text.includes('streamedResponse') ? ' echo' : ''}`;
    });
  }
}

/** Lets promises go on. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a request whose headers name the model', () => {
  it.each([
    ['user-7', 'user-7'],
    ['', undefined],
    ['x'.repeat(129), undefined],
    ['x'.repeat(10_000), undefined],
  ])('keeps to a copy by a key of 1 to 128 characters %#', (key, affinityKey) => {
    const played = new Played().take(request({ ...HTTP, 'x-berth-affinity': key }));
    expect(played.asked[0]?.affinityKey).toBe(affinityKey);
  });

  it('is sent on at once where the model is warm', () => {
    const played = new Played().take(request(HTTP));
    expect(played.asked).toMatchObject([{ kind: 'infer', model: 'm', protocol: 'http' }]);
    expect(played.told).toEqual([
      {
        requestHeaders: {
          response: {
            headerMutation: {
              setHeaders: [{ header: { key: DESTINATION, rawValue: Buffer.from(ADDRESS) }, appendAction: 2 }],
            },
          },
        },
        dynamicMetadata: {
          fields: {
            'envoy.lb': { structValue: { fields: { [DESTINATION]: { stringValue: ADDRESS } } } },
          },
        },
      },
    ]);
  });

  it('waits where it is cold, and Envoy is told at once', async () => {
    const played = new Played(false).take(request(HTTP));
    expect(played.short).toEqual(['overrideMessageTimeout']);
    played.come();
    await settle();
    expect(played.short).toEqual(['overrideMessageTimeout', 'requestHeaders sent']);
  });

  it('is refused once, whatever comes after', async () => {
    const played = new Played(false).take(request(HTTP));
    played.fail();
    await settle();
    played.take(body(MESSAGE), request(HTTP), part({}));
    expect(played.short).toEqual(['overrideMessageTimeout', 'refused loading']);
  });

  it('has its body passed on unread', () => {
    const headers = { ...GRPC, 'x-berth-model': 'n', 'x-berth-version': '2' };
    const played = new Played().take(request(headers, PARTIAL), body(MESSAGE));
    expect(played.asked).toMatchObject([{ model: 'n', version: '2' }]);
    expect(played.short).toEqual(['requestHeaders sent', 'requestBody']);
  });
});

describe('a request whose message names the model', () => {
  it.each([BUFFERED, PARTIAL])('is sent on with its body, mode %d', (mode) => {
    const played = new Played().take(request(GRPC, mode), body(MESSAGE, true));
    expect(played.asked).toMatchObject([{ model: 'm', version: null }]);
    expect(played.short).toEqual(['requestHeaders', 'requestBody sent']);
  });

  it('has its body echoed after its headers, where Envoy has given it away', async () => {
    const played = new Played(false).take(request(GRPC, DUPLEX), body(MESSAGE.subarray(0, 6)));
    expect(played.short).toEqual([]);
    played.take(body(MESSAGE.subarray(6)), body(Buffer.alloc(70_000)), part({ requestTrailers: {} }));
    expect(played.isPaused).toBe(true);
    played.come();
    await settle();
    expect(played.isPaused).toBe(false);
    expect(played.short).toEqual([
      ...[
        'requestHeaders sent',
        'requestBody echo',
        'requestBody echo',
        'requestBody echo',
        'requestBody echo',
      ],
      'requestTrailers',
    ]);
    played.take(body(Buffer.from('more'), true));
    expect(played.told.at(-1)).toEqual({
      requestBody: {
        response: { bodyMutation: { streamedResponse: { body: Buffer.from('more'), endOfStream: true } } },
      },
    });
    expect(played.touched).toBe(1);
  });

  it.each([
    ['none is sent', [request(GRPC, NONE)]],
    ['it is not sent in time', [request(GRPC, 1)]],
    [
      'there is none',
      [{ ...request(GRPC, PARTIAL), requestHeaders: { ...headersOf(GRPC), endOfStream: true } }],
    ],
    ['it names none', [request(GRPC, PARTIAL), body(Buffer.from([0, 0, 0, 0, 0]), true)]],
    ['it is garbage', [request(GRPC, DUPLEX), body(Buffer.from('garbage'), true)]],
  ])('is refused where %s', (_, messages) => {
    const played = new Played().take(...messages);
    expect(played.short.at(-1)).toBe('refused invalid_request');
    expect(played.asked).toEqual([]);
  });

  it('is about any server where statistics are asked of all', () => {
    const headers = { ...GRPC, ':path': '/inference.GRPCInferenceService/ModelStatistics' };
    const played = new Played().take(request(headers, PARTIAL), body(Buffer.alloc(5), true));
    expect(played.asked).toMatchObject([{ kind: 'server', model: null }]);
  });
});

describe('a stream that Envoy closes', () => {
  it('ends what was picked, also where that comes later', async () => {
    const warm = new Played().take(request(HTTP));
    expect(warm.over).toBe(0);
    warm.exchange.close();
    expect(warm.over).toBe(1);
    const cold = new Played(false).take(request(HTTP));
    cold.exchange.close();
    cold.come();
    await settle();
    expect([cold.over, cold.short]).toEqual([1, ['overrideMessageTimeout']]);
  });
});

describe('an answer of a server', () => {
  const answer = part({ responseHeaders: headersOf({ ':status': '404' }) });

  it('passes unchanged', () => {
    const played = new Played().take(request(HTTP), answer, part({ responseTrailers: {} }));
    expect(played.short.slice(1)).toEqual(['responseHeaders', 'responseTrailers']);
  });

  it('is replaced where its server has lost the model', () => {
    const instead = { immediateResponse: 'no_server' };
    const seen: string[] = [];
    const played = new Played(true, (headers) => (seen.push(headers.get(':status')!), instead));
    played.take(request(HTTP), answer, part({ responseTrailers: {} }));
    expect(seen).toEqual(['404']);
    expect(played.short.slice(1)).toEqual(['refused no_server']);
  });
});

describe('what Envoy never sends', () => {
  it.each([
    ['a body before its headers', [body(MESSAGE)]],
    ['headers twice', [request(HTTP), request(HTTP)]],
    [
      'an answer before the request was sent on',
      [request(GRPC, PARTIAL), part({ responseHeaders: headersOf({}) })],
    ],
    ['a message without a part', [request(HTTP), part({})]],
  ])('%s is out of order', (_, messages) => {
    expect(() => new Played().take(...messages)).toThrow(OutOfOrder);
  });
});
