import { describe, expect, it } from '@jest/globals';
import { completeServer } from '#config';
import { coreServer } from './core-server.js';
import { Registry } from './registry.js';

const MIB = 2 ** 20;
const fromFile = (id: string, spec: Parameters<typeof completeServer>[2]) =>
  completeServer(id, 'file', spec).server;

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

  it('is told to the core in bytes', () => {
    const server = fromFile('c', { grpc: 'h:1', hostMemoryMb: 4, devices: [{ ordinal: 0, memoryMb: 2048 }] });
    expect(coreServer(server)).toEqual({
      id: 'c',
      host: 'h',
      labels: {},
      hostMemory: 4 * MIB,
      discover: true,
      strangers: 'keep',
      devices: [{ ordinal: 0, uuid: null, memory: 2048 * MIB, headroom: 1024 * MIB }],
    });
  });
});
