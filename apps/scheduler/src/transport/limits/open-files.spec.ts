import { describe, expect, it } from '@jest/globals';
import { boundsWithin, openFiles } from './open-files.js';

describe('the bounds of connections', () => {
  const logged: unknown[] = [];
  const within = (most: number | null, http: number, grpc: number) => {
    logged.length = 0;
    return boundsWithin(most, { http, grpc }, { warn: (fields: unknown) => void logged.push(fields) });
  };

  it('stay as they are where the process may open so many files, or no limit is known', () => {
    expect(within(1_256, 900, 100)).toEqual({ http: 900, grpc: 100 });
    expect(within(null, 1e6, 1e6)).toEqual({ http: 1e6, grpc: 1e6 });
    expect(logged).toEqual([]);
  });

  it('are lowered alike where it may not, which is logged', () => {
    expect(within(1_255, 900, 100)).toEqual({ http: 899, grpc: 99 });
    expect(within(756, 900, 100)).toEqual({ http: 450, grpc: 50 });
    expect(logged).toEqual([{ http: 450, grpc: 50, openFiles: 756 }]);
    expect(within(100, 900, 100)).toEqual({ http: 1, grpc: 1 });
  });

  it('go by the limit of this very process', () => {
    expect(openFiles() ?? Infinity).toBeGreaterThan(256);
  });
});
