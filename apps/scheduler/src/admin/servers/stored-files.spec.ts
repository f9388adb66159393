import { describe, expect, it } from '@jest/globals';
import type { Declared, DeclaredServer } from '#engine';
import { withoutStoredFiles } from './stored-files.js';

const server = (spec: DeclaredServer['spec']): DeclaredServer => ({
  revision: 3,
  spec,
  drain: { deadline: null },
});

describe('file names that were stored', () => {
  it('are dropped with a line in the log, and TLS stays on', () => {
    const old = { grpc: 'h:1', headersFile: '/etc/shadow', tls: { ca: '/dev/zero', key: '/k', cert: '/c' } };
    const servers = { old: server(old), good: server({ grpc: 'h:2', tls: {} }), gone: server(null) };
    const told = { servers: new Map(Object.entries(servers)) } as unknown as Declared;
    const lines: unknown[][] = [];
    const log = { warn: (...line: unknown[]) => void lines.push(line) };
    expect(Object.fromEntries(withoutStoredFiles(told, log).servers)).toEqual({
      ...servers,
      old: server({ grpc: 'h:1', tls: {} }),
    });
    expect(lines).toEqual([
      [
        { server: 'old', dropped: ['headersFile', 'tls.ca', 'tls.cert', 'tls.key'] },
        expect.stringContaining('server old: stored file names are dropped'),
      ],
    ]);
  });
});
