import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type Program, Visitor, parseSync } from 'oxc-parser';

export type Import = { readonly specifier: string; readonly line: number };

export type Source = {
  /** Path from the root of the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** A test, or a helper of tests (`src/testing`). */
  readonly isTest: boolean;
  readonly program: Program;
  /** Comments as [start, end) in the text. */
  readonly comments: readonly { readonly start: number; readonly end: number; readonly value: string }[];
  /** Every import and re-export, of types too, static or not. */
  readonly imports: readonly Import[];
};

export type ExportMap = Readonly<Record<string, string | Readonly<Record<string, string>>>>;

export type Manifest = {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly license?: string;
  readonly sideEffects?: boolean;
  readonly exports?: ExportMap;
  readonly publishConfig?: { readonly access?: string; readonly exports?: ExportMap };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
};

export type Member = {
  /** Folder name: `expr`, `cli`. */
  readonly room: string;
  readonly isApp: boolean;
  /** Folder from the root of the repository: `packages/expr`. */
  readonly folder: string;
  readonly manifest: Manifest;
};

export type Package = Member & { readonly sources: readonly Source[] };

/** Every package and app below the root. */
export function readManifests(root: string): Member[] {
  return ['packages', 'apps'].flatMap((kind) =>
    readdirSync(join(root, kind))
      .filter((room) => existsSync(join(root, kind, room, 'package.json')))
      .map((room) => {
        const folder = `${kind}/${room}`;
        const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest;
        return { room, isApp: kind === 'apps', folder, manifest };
      }),
  );
}

/** Every package and app below the root, its sources parsed. */
export function readTree(root: string): Package[] {
  return readManifests(root).map((member) => ({ ...member, sources: readSources(root, member.folder) }));
}

/** The text of one file, parsed. */
export function parseSource(path: string, text: string): Source {
  const { program, comments, errors } = parseSync(path, text);
  const error = errors[0];
  if (error !== undefined) throw new SyntaxError(`${path}: ${error.message}`);
  return { path, text, isTest: /\.test\.ts$|\/src\/testing\//.test(path), program, comments, imports: importsOf(program, text) };
}

export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

function readSources(root: string, folder: string): Source[] {
  const files = readdirSync(join(root, folder, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  return files.sort().map((file) => {
    const path = join(root, folder, 'src', file);
    return parseSource(relative(root, path).replaceAll('\\', '/'), readFileSync(path, 'utf8'));
  });
}

function importsOf(program: Program, text: string): Import[] {
  const found: Import[] = [];
  const add = (node: { readonly start: number; readonly value?: unknown } | null): void => {
    if (typeof node?.value === 'string') found.push({ specifier: node.value, line: lineOf(text, node.start) });
  };
  new Visitor({
    ImportDeclaration: (node) => add(node.source),
    ExportAllDeclaration: (node) => add(node.source),
    ExportNamedDeclaration: (node) => add(node.source),
    TSImportType: (node) => add(node.source),
    ImportExpression: (node) => add(node.source.type === 'Literal' ? node.source : null),
  }).visit(program);
  return found;
}
