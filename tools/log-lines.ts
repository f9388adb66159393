import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/**
 * The log lines that the service can write, read off its source. A message is told with `…` in the place of what varies; a
 * message that is only handed on, such as one of Nest's own, is left out.
 */
export interface LogLine {
  readonly message: string;
  /** Sorted, such as `info, warn` where the code chooses. */
  readonly levels: string;
  /** Sorted names of the fields beside the message. */
  readonly fields: string;
  /** `path:line`. */
  readonly at: string;
}

const LEVELS = ['debug', 'error', 'fatal', 'info', 'trace', 'warn'];
const VARIES = '…';

/** Reads every source under the given folders of a root, specs left out. */
export function logLinesIn(root: string, folders: readonly string[]): LogLine[] {
  return folders
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map(
        (path) => `${folder}/${path}`,
      ),
    )
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.spec.ts'))
    .flatMap((path) => logLinesOf(path, readFileSync(join(root, path), 'utf8')));
}

/** The same of one source text. */
export function logLinesOf(path: string, text: string): LogLine[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  return callsIn(source).flatMap((call) => {
    const levels = levelsOf(call);
    if (levels.length === 0) return [];
    const [first, second] = call.arguments;
    const messages = textsOf(second ?? first, source);
    const fields = isAdapters(call) ? ['server'] : second ? fieldsOf(first, source) : [];
    const { line } = source.getLineAndCharacterOfPosition(call.getStart());
    return messages
      .filter((message) => message !== VARIES)
      .map((message) => lineOf(message, levels, fields, `${path}:${line + 1}`));
  });
}

function lineOf(message: string, levels: readonly string[], fields: readonly string[], at: string): LogLine {
  return { message, levels: [...levels].sort().join(', '), fields: [...fields].sort().join(', '), at };
}

function callsIn(node: ts.Node): ts.CallExpression[] {
  const found = ts.isCallExpression(node) ? [node] : [];
  node.forEachChild((child) => void found.push(...callsIn(child)));
  return found;
}

/** The adapter of a server is handed a function `log`, whose lines are warnings about that server. */
function isAdapters({ expression: callee }: ts.CallExpression): boolean {
  return /(^|\.)options\??\.log$/.test(callee.getText());
}

/** Empty for a call that logs nothing. */
function levelsOf(call: ts.CallExpression): string[] {
  const { expression: callee } = call;
  if (!ts.isPropertyAccessExpression(callee) && !ts.isElementAccessExpression(callee)) return [];
  if (isAdapters(call)) return ['warn'];
  if (!/(^|\.)log(ger)?$/.test(callee.expression.getText())) return [];
  if (ts.isPropertyAccessExpression(callee)) return LEVELS.filter((level) => level === callee.name.text);
  const chosen = callee.argumentExpression.getText();
  return LEVELS.filter((level) => chosen.includes(`'${level}'`));
}

/** What a text may be. A name is looked up in its file. */
function textsOf(node: ts.Expression | undefined, source: ts.SourceFile): string[] {
  if (node === undefined) return [];
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isTemplateExpression(node)) {
    const rest = node.templateSpans.map(({ literal }) => `${VARIES}${literal.text}`);
    return [[node.head.text, ...rest].join('')];
  }
  if (ts.isConditionalExpression(node)) {
    return [...textsOf(node.whenTrue, source), ...textsOf(node.whenFalse, source)];
  }
  const value = ts.isIdentifier(node) ? valueOf(node.text, source) : undefined;
  return value ? textsOf(value, source) : [VARIES];
}

function fieldsOf(node: ts.Expression | undefined, source: ts.SourceFile): string[] {
  if (node === undefined) return [];
  if (ts.isIdentifier(node)) return fieldsOf(valueOf(node.text, source), source);
  if (!ts.isObjectLiteralExpression(node)) return [VARIES];
  return node.properties.map((property) => property.name?.getText() ?? VARIES);
}

function valueOf(name: string, source: ts.Node): ts.Expression | undefined {
  let found: ts.Expression | undefined;
  source.forEachChild((child) => {
    const isIt = ts.isVariableDeclaration(child) && child.name.getText() === name;
    found ??= isIt ? child.initializer : valueOf(name, child);
  });
  return found;
}
