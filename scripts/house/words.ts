import { type Expression, Visitor } from 'oxc-parser';
import { cellNames, mustNotSay } from './rooms.ts';
import { type Package, type Source, lineOf } from './tree.ts';

/** Words that a room must not know, in its sources and their comments; its tests may name what they test with. */
export function wordFaults(packages: readonly Package[]): string[] {
  return packages.flatMap((pkg) =>
    pkg.sources
      .filter((source) => !source.isTest)
      .flatMap((source) =>
        (mustNotSay[pkg.room] ?? []).flatMap((word) => {
          const hit = word.exec(source.text);
          return hit === null ? [] : [`${source.path}:${lineOf(source.text, hit.index)}: ${pkg.room} must not say "${hit[0]}"`];
        }),
      ),
  );
}

/** Comparisons and switches on the name of a cell: shared code asks for structure, or looks the name up in a table. */
export function identityFaults(packages: readonly Package[]): string[] {
  return packages.flatMap((pkg) => pkg.sources.filter((source) => !source.isTest).flatMap(branchesOnCell));
}

function branchesOnCell(source: Source): string[] {
  const faults: string[] = [];
  const add = (node: { readonly start: number; readonly end: number }): void => {
    const code = source.text.slice(node.start, node.end).split('\n')[0] ?? '';
    faults.push(`${source.path}:${lineOf(source.text, node.start)}: branches on the name of a cell: ${code}`);
  };
  new Visitor({
    BinaryExpression: (node) => {
      if (!/^[!=]==?$/.test(node.operator)) return;
      if ([node.left, node.right].some((side) => isCellName(side) || isNameOfCell(side, source))) add(node);
    },
    SwitchStatement: (node) => {
      if (isNameOfCell(node.discriminant, source) || node.cases.some((row) => row.test !== null && isCellName(row.test))) add(node);
    },
  }).visit(source.program);
  return faults;
}

function isCellName(node: Expression): boolean {
  return node.type === 'Literal' && typeof node.value === 'string' && cellNames.includes(node.value.toLowerCase());
}

/** `cell.name`, `layer.cell.name`, `myCell?.name`. */
function isNameOfCell(node: Expression, source: Source): boolean {
  return /cell\??\.name$/i.test(source.text.slice(node.start, node.end));
}
