/**
 * How matrix products are shaped for one kind of engine. A tile is `mr` rows by `nr` columns of C held in registers; engines give
 * WebAssembly 15 vector registers on x86, and differ in how well they use them.
 */
export interface Profile {
  readonly name: ProfileName;
  /** Rows of a tile. */
  readonly mr: number;
  /** Columns of a tile, and of a packed panel: a multiple of 4. */
  readonly nr: number;
  /** `panels[h - 1]`: how many panels one tile of height h spans; low tiles need several for enough independent sums. */
  readonly panels: readonly number[];
  /** Columns of a panel where A is one row: enough independent sums, read from memory as one stream. */
  readonly row: number;
  /** The engine loads everything of a straight piece of code before it computes: a loop with more than fits in registers is cut in two. */
  readonly loadsFirst: boolean;
  /**
   * Floats of a slab, rows × blocks × units, which a product leaves for the elementwise function behind it: all of a stage where that is at
   * most `whole`, since whole rows are what processors read ahead (3 to 5 % of a step, measured); otherwise as many units as `part` allows.
   */
  readonly slab: { readonly whole: number; readonly part: number };
  /** Fused multiply-add (relaxed SIMD) where the processor has it; without, the same bits everywhere. */
  readonly relaxed: boolean;
}

export type ProfileName = 'turbofan' | 'turboshaft' | 'revectorize' | 'deterministic' | 'revectorize-deterministic';

// The second-level cache of a core keeps either.
const slab = { whole: 65536, part: 16384 } as const;

export const profiles: Readonly<Record<ProfileName, Profile>> = {
  // V8 before 13.2 loads everything of a loop body first, so rows, columns and sums must fit in registers together.
  turbofan: { name: 'turbofan', mr: 4, nr: 8, panels: [3, 2, 1, 1], row: 32, loadsFirst: true, slab, relaxed: true },
  // V8 from 13.2 on, and other engines: instructions stay in the order in which they are emitted.
  turboshaft: { name: 'turboshaft', mr: 6, nr: 8, panels: [4, 2, 1, 1, 1, 1], row: 32, loadsFirst: false, slab, relaxed: true },
  // Adjacent pairs of vectors become one of 256 bits where the engine's revectorizer is on.
  revectorize: { name: 'revectorize', mr: 6, nr: 16, panels: [2, 2, 1, 1, 1, 1], row: 64, loadsFirst: false, slab, relaxed: true },
  // A product and a sum need one register more than a fused one; also for engines without relaxed SIMD.
  deterministic: { name: 'deterministic', mr: 4, nr: 8, panels: [3, 2, 1, 1], row: 32, loadsFirst: true, slab, relaxed: false },
  'revectorize-deterministic': { name: 'revectorize-deterministic', mr: 4, nr: 16, panels: [2, 2, 1, 1], row: 64, loadsFirst: false, slab, relaxed: false },
};

/** The shape of products whose A is one row. */
export function ofOneRow(profile: Profile): Profile {
  return { ...profile, mr: 1, nr: profile.row, panels: [1] };
}
