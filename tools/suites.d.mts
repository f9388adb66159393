export declare const LONG: readonly string[];
export declare const FAST_SET: readonly string[];
export declare const LONG_SET: readonly string[];
