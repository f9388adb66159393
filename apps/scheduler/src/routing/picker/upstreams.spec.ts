import { describe, expect, it } from '@jest/globals';
import { Upstreams } from './upstreams.js';

const server = (grpc: string, http: string | null = 'http://10.0.0.1:8000') => ({
  id: 'a',
  grpc,
  http,
  labels: {},
});

/** DNS with answers that change. */
function stage(answers: Record<string, readonly string[] | Error>) {
  const asked: string[] = [];
  const upstreams = new Upstreams({
    srv: () => Promise.reject(new Error('not asked here')),
    addresses: (name) => {
      asked.push(name);
      const answer = answers[name] ?? [];
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
  });
  return { answers, asked, upstreams };
}

/** Lets promises go on. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('where a server takes requests', () => {
  it('is an address as it stands, of each protocol', () => {
    const { asked, upstreams } = stage({});
    expect(upstreams.at(server('10.0.0.1:8001'), 'grpc')).toBe('10.0.0.1:8001');
    expect(upstreams.at(server('10.0.0.1:8001'), 'http')).toBe('10.0.0.1:8000');
    expect(upstreams.at(server('[::1]:8001', 'http://[::1]:8000/'), 'grpc')).toBe('[::1]:8001');
    expect(upstreams.at(server('[::1]:8001', 'http://[::1]:8000/'), 'http')).toBe('[::1]:8000');
    expect(asked).toEqual([]);
  });

  it('is looked up once where it is a name, and known then', async () => {
    const { asked, upstreams } = stage({ node: ['10.0.0.7', '10.0.0.8'] });
    const one = server('node:8001');
    expect(upstreams.at(one, 'grpc')).toBeUndefined();
    const found = await Promise.all([upstreams.found(one, 'grpc'), upstreams.found(one, 'grpc')]);
    expect(found).toEqual(['10.0.0.7:8001', '10.0.0.7:8001']);
    expect(upstreams.at(one, 'grpc')).toBe('10.0.0.7:8001');
    expect(asked).toEqual(['node']);
  });

  it('follows the name beside the requests, and stands while DNS does not answer', async () => {
    const { answers, upstreams } = stage({ node: ['10.0.0.7'] });
    const one = server('node:8001');
    await upstreams.found(one, 'grpc');
    const after = async (answer: readonly string[] | Error): Promise<string | undefined> => {
      answers['node'] = answer;
      upstreams.refresh();
      await settle();
      return upstreams.at(one, 'grpc');
    };
    expect(await after(['10.0.0.9', '10.0.0.7'])).toBe('10.0.0.7:8001');
    expect(await after(['10.0.0.9'])).toBe('10.0.0.9:8001');
    expect(await after(new Error('no answer'))).toBe('10.0.0.9:8001');
  });

  it('is forgotten after a minute in which nobody asked', async () => {
    const { asked, upstreams } = stage({ node: ['10.0.0.7'] });
    await upstreams.found(server('node:8001'), 'grpc');
    for (let round = 0; round < 20; round += 1) {
      upstreams.refresh();
      await settle();
    }
    expect(asked).toHaveLength(7);
    expect(upstreams.at(server('node:8001'), 'grpc')).toBeUndefined();
  });

  it('is nowhere where there is no address', async () => {
    const { upstreams } = stage({});
    const refused = { facts: { reason: 'no_server' } };
    await expect(upstreams.found(server('gone:8001'), 'grpc')).rejects.toMatchObject(refused);
    expect(() => upstreams.at(server('10.0.0.1:8001', null), 'http')).toThrow('has no address for HTTP');
  });
});
