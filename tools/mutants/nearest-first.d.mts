export declare function nearestFirst(specs: readonly string[], changed: string): string[];
