export declare function keptByNpm(
  env: Readonly<Record<string, string | undefined>>,
  args: readonly string[],
): string | null;
