export declare function distance(spec: string, changed: string | undefined): number;
