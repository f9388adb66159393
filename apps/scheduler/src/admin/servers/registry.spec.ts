import { describe, expect, it } from '@jest/globals';
import { completeServer } from '#config';
import { coreServer } from './core-server.js';
import { Registry } from './registry.js';

const MIB = 2 ** 20;
const fromFile = (id: string, spec: Parameters<typeof completeServer>[2]) => completeServer(id, 'file', spec);

describe('the registry', () => {
  const registry = new Registry(
    [fromFile('a', { grpc: 'h:1', http: 'http://h:2', labels: { zone: 'a' } })],
    new Map([
      ['a', { revision: 2, spec: { grpc: 'h:9', labels: {} }, drain: null }],
      ['b', { revision: 1, spec: { grpc: 'g:1' }, drain: { deadline: null } }],
      ['gone', { revision: 7, spec: null, drain: null }],
    ]),
  );

  it('lays the API over the file, key by key', () => {
    const { config, source, revision } = registry.get('a')!;
    expect(config).toMatchObject({ grpc: 'h:9', http: 'http://h:2', labels: {} });
    expect([source, revision]).toEqual(['file', 2]);
  });

  it('knows what only the API named, and the revision of what is gone', () => {
    expect(registry.get('b')).toMatchObject({ source: 'api', config: { host: 'g' } });
    expect(registry.get('gone')).toBeUndefined();
    expect(registry.revisionOf('gone')).toBe(7);
  });

  it('knows a server that left the file until it is released', () => {
    const leaving = new Registry([fromFile('x', { grpc: 'h:1' })], new Map());
    leaving.setBase([]);
    expect([[...leaving.leavers()], leaving.routeServer('x').grpc]).toEqual([[['x', null]], 'h:1']);
    leaving.release('x');
    expect([[...leaving.leavers()], leaving.get('x')]).toEqual([[], undefined]);
    leaving.setBase([fromFile('x', { grpc: 'h:2' })]);
    expect([...leaving.leavers()]).toEqual([]);
  });

  it('takes a server that joined by a webhook as the file declares it, as long as the file does', () => {
    const joined = {
      revision: 1,
      spec: { grpc: 'j:1', labels: { from: 'hook' } },
      drain: null,
      joined: true as const,
    };
    const one = new Registry([], new Map([['x', joined]]));
    const shown = () => [one.get('x')!.config.grpc, one.get('x')!.inFile, [...one.leavers()]];
    one.setBase([{ ...fromFile('x', { grpc: 'h:1', http: 'http://h:2' }), headers: { key: 'of the file' } }]);
    expect(shown()).toEqual(['h:1', true, []]);
    expect(one.get('x')!.config).toMatchObject({ labels: {}, headers: { key: 'of the file' } });
    one.setBase([]);
    expect(shown()).toEqual(['j:1', false, []]);
    expect(one.get('x')).toMatchObject({ source: 'api', config: { http: null } });
  });

  it('tells routes of a server the same thing each time', () => {
    expect(registry.routeServer('a')).toEqual({ id: 'a', grpc: 'h:9', http: 'http://h:2', labels: {} });
    expect(registry.routeServer('a')).toBe(registry.routeServer('a'));
  });

  it('works out nothing anew of servers other than the one that is told of', () => {
    const many = new Registry([fromFile('x', { grpc: 'h:1' })], new Map());
    many.set('y', { revision: 1, spec: { grpc: 'h:2' }, drain: null });
    const before = many.all();
    many.set('z', { revision: 1, spec: { grpc: 'h:3' }, drain: null });
    expect(many.all().slice(0, 2)).toEqual(before);
    expect(
      many
        .all()
        .slice(0, 2)
        .map((entry, nth) => entry === before[nth]),
    ).toEqual([true, true]);
    many.set('y', { revision: 2, spec: null, drain: null });
    expect([many.all().map(({ id }) => id), many.routeServer('y').grpc]).toEqual([['x', 'z'], '']);
  });

  describe('with servers found by DNS', () => {
    const found = (id: string, grpc: string, leaveMs: number | null = null) => {
      return { config: completeServer(id, 'discovered', { grpc }), leaveMs };
    };
    const sources = (one: Registry) => Object.fromEntries(one.all().map(({ id, source }) => [id, source]));

    it('has those that are declared under no other name and at no other address', () => {
      const one = new Registry(
        [fromFile('a', { grpc: 'A:1' })],
        new Map([['b', { revision: 1, spec: { grpc: 'b:1' }, drain: null }]]),
      );
      one.setFound([found('a', 'x:1'), found('c', 'a:1'), found('d', 'b:1'), found('e', 'e:1')]);
      expect(sources(one)).toEqual({ a: 'file', b: 'api', e: 'discovered' });
      one.set('b', { revision: 2, spec: null, drain: null });
      one.setFound([found('a', 'x:1'), found('c', 'a:1'), found('d', 'b:1'), found('e', 'e:1')]);
      expect(sources(one)).toEqual({ a: 'file', d: 'discovered', e: 'discovered' });
    });

    it('lets those leave that DNS lets go, and no other ones', () => {
      const one = new Registry([], new Map([['b', { revision: 1, spec: { grpc: 'b:1' }, drain: null }]]));
      one.setFound([found('a', 'a:1', 60_000), found('b', 'b:2', 60_000), found('c', 'c:1')]);
      expect([...one.leavers()]).toEqual([['a', 60_000]]);
      one.release('a');
      expect([one.get('a'), [...one.leavers()]]).toEqual([undefined, []]);
    });

    it('keeps a server that has left the file and that DNS tells of, and its drain by an admin', () => {
      const drain = { revision: 1, spec: null, drain: { deadline: null } };
      const one = new Registry([fromFile('a', { grpc: 'a:1' })], new Map([['a', drain]]));
      one.setBase([]);
      one.setFound([found('a', 'a:1')]);
      expect([sources(one), one.get('a')?.told, [...one.leavers()]]).toEqual([
        { a: 'discovered' },
        drain,
        [],
      ]);
    });

    it('waits with one at the address of a server that still leaves the file', () => {
      const one = new Registry([fromFile('a', { grpc: 'x:1' })], new Map());
      one.setBase([]);
      one.setFound([found('b', 'x:1')]);
      expect(sources(one)).toEqual({ a: 'file' });
      one.release('a');
      one.setFound([found('b', 'x:1')]);
      expect(sources(one)).toEqual({ b: 'discovered' });
    });

    it('tells routes the same thing each time, and is unchanged where DNS says the same', () => {
      const one = new Registry([], new Map());
      const same = found('a', 'a:1');
      one.setFound([same]);
      const [route, { changes }] = [one.routeServer('a'), one];
      one.setFound([same]);
      expect([one.routeServer('a') === route, one.changes]).toEqual([true, changes]);
    });
  });

  it('is told to the core in bytes', () => {
    const server = fromFile('c', { grpc: 'h:1', hostMemoryMb: 4, devices: [{ ordinal: 0, memoryMb: 2048 }] });
    expect(coreServer(server)).toEqual({
      id: 'c',
      host: 'h',
      labels: {},
      hostMemory: 4 * MIB,
      discover: true,
      strangers: 'keep',
      metricsInterval: 2_000,
      devices: [{ ordinal: 0, uuid: null, memory: 2048 * MIB, headroom: 1024 * MIB }],
    });
  });
});
