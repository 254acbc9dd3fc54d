import { dirname, relative, resolve } from 'node:path';
import ts from 'typescript';

export const root = resolve(import.meta.dirname, '../..');

/** The options of a tsconfig file of this repository, with changes. */
export function compilerOptions(tsconfig: string, changes: ts.CompilerOptions): ts.CompilerOptions {
  const path = resolve(root, tsconfig);
  const { config } = ts.readConfigFile(path, ts.sys.readFile) as { config: object };
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, dirname(path));
  return { ...options, ...changes, noEmit: true };
}

/** A compiler host that also sees files which exist only in memory: path -> text. */
export function hostWith(files: ReadonlyMap<string, string>, options: ts.CompilerOptions): ts.CompilerHost {
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists, directoryExists } = host;
  const folders = new Set([...files.keys()].map((path) => dirname(path)));
  host.readFile = (path) => files.get(path) ?? readFile(path);
  host.fileExists = (path) => files.has(path) || fileExists(path);
  host.directoryExists = (path) => folders.has(path) || (directoryExists?.(path) ?? false);
  return host;
}

/** What the compiler says of one file of a program: `README.md:12:3 - error TS2322: ...`. */
export function typeErrors(program: ts.Program, path: string, at = { file: relative(root, path), line: 1 }): string[] {
  const source = program.getSourceFile(path);
  if (source === undefined) return [`${at.file}: is not part of the program`];
  return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map((diagnostic) => {
    const { line, character } = source.getLineAndCharacterOfPosition(diagnostic.start ?? 0);
    const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n');
    return `${at.file}:${at.line + line}:${character + 1} - error TS${diagnostic.code}: ${message}`;
  });
}
