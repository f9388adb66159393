/** What `/openapi.json` says of each path's operations, by method. */
export type Published = Readonly<Record<string, Readonly<Record<string, PublishedOperation>>>>;

interface PublishedOperation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, unknown>>;
}

/** Throws where the operation that answered publishes no such status. What leads to none publishes nothing. */
export function checkPublished(paths: Published, method: string, url: string, status: number): void {
  const [path = ''] = url.split('?', 1);
  const isOf = (template: string): boolean =>
    new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path);
  const operation = Object.entries(paths).find(([template]) => isOf(template))?.[1][method.toLowerCase()];
  if (operation === undefined || String(status) in operation.responses) return;
  throw new Error(`/openapi.json publishes no status ${status} of ${method} ${path}`);
}
