import { input, substitute, type Expr, type Place, type PointwiseMap, type Step, type Target } from '@unroll/expr';
import { emitExpressions } from '../emit.ts';
import type { ShaderBuilder } from '../wgsl.ts';
import type { Cursor, Room } from './room.ts';

/** A fused elementwise function at one place in a shader. */
export interface Pointwise {
  readonly step: Step;
  readonly map: PointwiseMap;
  /** Whether rows that do not count get zeros, and keep their states. */
  readonly masked: boolean;
  /** The text of a place that is at hand; undefined: it is to be read. */
  readonly known?: (place: Place) => string | undefined;
}

/** Writes a map at a channel of a row: everything is read before anything is written. */
export function emitPointwise(shader: ShaderBuilder, room: Room, cursor: Cursor, { step, map, masked, known }: Pointwise): void {
  const live = (): void => {
    const { values, leaves } = authored(step, map);
    const texts = emitExpressions(shader, values, {
      names: map.writes.map(({ target }, k) => ({ name: nameOf(step, target) ?? 'value', value: values[k] as Expr })).filter(({ value }) => value.kind === 'apply'),
      load: (name) => loaded(leaves, name, (place) => known?.(place) ?? room.load(place, cursor, map.width), (draw) => {
        const node = map.draws.get(draw);
        return node === undefined ? undefined : room.draw(node, cursor);
      }),
    });
    map.writes.forEach(({ target }, k) => room.store(target, cursor, texts[k] as string));
  };
  if (!masked) {
    live();
    return;
  }
  shader.block(`if (${room.live(cursor)})`, live).block('else', () => {
    for (const { target } of map.writes) room.store(target, cursor, target.kind === 'next' ? room.load({ ...target, kind: 'state' }, cursor, map.width) : '0.0f');
  });
}

function loaded(leaves: ReadonlyMap<string, Place>, name: string, read: (place: Place) => string, draw: (name: string) => string | undefined): string {
  const place = leaves.get(name);
  const text = place === undefined ? draw(name) : read(place);
  if (text === undefined) throw new RangeError(`scan: nothing is named "${name}".`);
  return text;
}

/** The map with its author's names for states, sequences and vectors. */
function authored(step: Step, map: PointwiseMap): { readonly values: readonly Expr[]; readonly leaves: ReadonlyMap<string, Place> } {
  const leaves = new Map<string, Place>();
  const names = new Map<string, string>();
  for (const [name, place] of map.leaves) {
    const better = nameOf(step, place) ?? name;
    names.set(name, leaves.has(better) ? name : better);
    leaves.set(names.get(name) as string, place);
  }
  const rename = substitute((node) => (node.kind === 'input' && names.has(node.name) ? input(names.get(node.name) as string) : undefined));
  return { values: map.writes.map(({ value }) => rename(value)), leaves };
}

function nameOf({ states, sequences, vectors, outputs }: Step, { kind, index }: Target): string | undefined {
  const fields: Readonly<Record<Target['kind'], readonly { readonly name: string }[]>> = { state: states, next: states, sequence: sequences, vector: vectors, output: outputs, scratch: [] };
  return fields[kind][index]?.name;
}
