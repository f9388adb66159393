export const RARE_MARKS: readonly string[] = [];
