export declare const PATIENCE_MS: number;
