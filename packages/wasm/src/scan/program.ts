import { planOf, type Place, type Plan, type PointwiseMap, type Product, type Stage, type Step, type Target } from '@unroll/expr';
import type { ScanKernel } from '@unroll/tensor/backend';
import type { FunctionBuilder, Local, ModuleBuilder } from '../assembler.ts';
import type { Constants } from '../constants.ts';
import { Gemm } from '../gemm/gemm.ts';
import type { Profile } from '../profile.ts';
import { batchStep, type Layout, type Moment, type Slab } from './layout.ts';
import { Places } from './places.ts';
import { emitPointwise, type Masked, type Walk } from './pointwise.ts';
import { Sums } from './sums.ts';
import { emitMeet, Team, type Share } from '../threads/team.ts';

/** What generated code depends on beside its kernel. `meeting`: where threads meet, undefined where one runs alone. */
export interface CodeOptions { readonly constants: Constants; readonly profile: Profile; readonly meeting: number | undefined }

/** Shares of units are whole vectors, in pairs. */
const unitStep = 16;

/** Part of a stage: the first of its units, and where its products' results are, if they lie in a slab. */
interface Part { readonly stage: Stage; readonly unit: Local; readonly slab: Slab | undefined }
type SlabPart = Part & { readonly slab: Slab };

/** Columns of a product: `skip` adds so many bytes for each one before them to the address on the stack; the others push how many there are. */
interface Columns { skip(bytes: number): void; panels(): void; count(): void }

/**
 * Adds the one function that runs a scan: the products before the loop, the loop over time, the products after it, the sums. It reads
 * its parameters from the working memory, which begins at `base`: the addresses of inputs, outputs and packed weights. Rows do not depend
 * on each other: each of the threads, of which the function's two parameters tell, goes through the loop with rows of its own.
 */
export function emitScan(module: ModuleBuilder, kernel: ScanKernel, layout: Layout, base: number, options: CodeOptions, name: string): void {
  const shapes = new Map<Profile, Gemm>();
  const gemmOf = (profile: Profile): Gemm => {
    const gemm = shapes.get(profile) ?? new Gemm(module, profile);
    shapes.set(profile, gemm);
    return gemm;
  };
  const gemms = { step: gemmOf(layout.profileOf('step')), start: gemmOf(layout.profileOf('start')) };
  const meet = options.meeting === undefined ? undefined : emitMeet(module, options.meeting);
  module.function({ params: ['i32', 'i32'], results: [] }, (f) => {
    const plan = planOf(kernel.step, kernel.masked);
    const places = new Places(f, kernel, plan, layout, base);
    const team = new Team(f, meet);
    places.load();
    const program = new Program({ module, f, kernel, plan, layout, places, gemms, options, team });
    program.overAllTime(plan.before);
    program.loop();
    program.overAllTime(plan.after);
    new Sums({ f, places, kernel, layout, gemm: gemmOf(options.profile), team, rowStep: options.profile.mr }, plan.sums).emit();
    team.meet();
  }, name);
}

interface Parts {
  readonly module: ModuleBuilder;
  readonly f: FunctionBuilder;
  readonly kernel: ScanKernel;
  readonly plan: Plan;
  readonly layout: Layout;
  readonly places: Places;
  readonly gemms: Readonly<Record<Moment, Gemm>>;
  readonly options: CodeOptions;
  readonly team: Team;
}

class Program {
  readonly #parts: Parts;
  /** This thread's rows of a step, and of all time. */
  readonly #shares: Readonly<Record<Moment, Share>>;

  constructor(parts: Parts) {
    this.#parts = parts;
    const { team, places, layout, options } = parts;
    const rows = places.rows('step');
    // Whole tiles, as nearly the same number for all threads as can be: they wait for the last one.
    this.#shares = { step: layout.byUnits ? team.all(rows) : team.share(rows, batchStep), start: team.share(places.rows('start'), options.profile.mr) };
  }

  overAllTime(stages: readonly Stage[]): void {
    if (stages.length === 0) return;
    this.#parts.team.meet();
    for (const stage of stages) this.#wholeStage(stage, 'start');
    this.#parts.team.meet();
  }

  loop(): void {
    const { f, kernel, plan, places } = this.#parts;
    const { steps, reverse } = kernel;
    const count = f.local('i32');
    this.#startStates();
    f.i32(reverse ? steps - 1 : 0).set(places.time);
    f.while(count, steps, 1, () => {
      for (const stage of plan.loop) this.#loopStage(stage);
      for (const { current, next } of places.states) f.get(current).get(next).set(current).set(next);
      f.get(places.time).i32(reverse ? -1 : 1).op('i32.add').set(places.time);
    });
    this.#alone(() => kernel.step.states.forEach(({ width }, k) => this.#copyRows(() => f.get(places.output(k)), () => f.get(places.state(k).current), width)));
  }

  /** What is done row by row, whoever's the rows are: where all threads have all rows, by one for all. */
  #alone(body: () => void): void {
    const { team, layout } = this.#parts;
    if (!layout.byUnits) {
      body();
      return;
    }
    team.first(body);
    team.meet();
  }

  /** This thread's rows of a state from one place to another. */
  #copyRows(to: () => void, from: () => void, width: number): void {
    const { f, team } = this.#parts;
    const { step } = this.#shares;
    for (const push of [to, from]) {
      push();
      f.get(step.first).i32(width * 4).op('i32.mul').op('i32.add');
    }
    team.pushCount(step).i32(width * 4).op('i32.mul').memoryCopy();
  }

  #startStates(): void {
    const { f, kernel, layout, places } = this.#parts;
    kernel.step.states.forEach((_, k) => {
      const [first = 0, second = 0] = layout.states[k] ?? [];
      f.i32(places.fixed(first)).set(places.state(k).current).i32(places.fixed(second)).set(places.state(k).next);
    });
    this.#alone(() => kernel.step.states.forEach(({ width }, k) => this.#copyRows(() => f.get(places.state(k).current), () => f.get(places.input(k)), width)));
  }

  #loopStage(stage: Stage): void {
    const slab = this.#parts.layout.slabOf(stage);
    if (this.#parts.layout.byUnits) this.#unitStage(stage, slab);
    else if (slab === undefined) this.#wholeStage(stage, 'step');
    else this.#slabStage(stage, slab);
  }

  // Each thread its own units: columns of a product, then channels of a map, which may need those of the others.

  #unitStage(stage: Stage, slab: Slab | undefined): void {
    const { f, team, layout } = this.#parts;
    const unit = f.local('i32');
    const part = { stage, slab, unit };
    f.i32(0).set(unit);
    if (slab !== undefined) this.#slabProducts({ ...part, slab }, slab.units);
    else for (const product of stage.products) layout.runsOf(stage, product).forEach((_, k) => this.#wholeProduct(stage, product, k, 'step'));
    if (stage.products.length > 0) team.meet();
    if (stage.means.length > 0) this.#alone(() => { for (const { operand, target } of stage.means) this.#mean(operand, target, 'step'); });
    for (const map of stage.maps) {
      this.#mapByUnits(map, part);
      team.meet();
    }
  }

  #mapByUnits(map: PointwiseMap, part: Part): void {
    const { f, team, layout } = this.#parts;
    const size = Math.ceil(map.width / (unitStep * layout.threads)) * unitStep;
    const { first, end } = team.piece(map.width, size);
    const rest = map.width % size;
    f.get(first).set(part.unit);
    f.block(() => f.loop(() => {
      f.get(part.unit).i32(size).op('i32.add').get(end).op('i32.gt_u').brIf(1);
      this.#map(map, size, 'step', part);
      f.get(part.unit).i32(size).op('i32.add').set(part.unit).br(0);
    }));
    if (rest > 0) f.get(part.unit).get(end).op('i32.lt_u').if(() => this.#map(map, rest, 'step', part));
  }

  // Product and map by slabs of units: the map reads the product's results while they are in a cache.

  #slabStage(stage: Stage, slab: Slab): void {
    const { f } = this.#parts;
    const [map] = stage.maps as readonly [PointwiseMap];
    const full = Math.floor(map.width / slab.units);
    const rest = map.width - full * slab.units;
    const unit = f.local('i32');
    const part = (units: number): void => {
      this.#slabProducts({ slab, stage, unit }, units);
      this.#map(map, units, 'step', { slab, stage, unit });
    };
    f.i32(0).set(unit);
    if (full > 0) f.while(unit, full * slab.units, slab.units, () => part(slab.units));
    if (rest > 0) part(rest);
  }

  #slabProducts(part: SlabPart, units: number): void {
    let region = 0;
    for (const product of part.stage.products) {
      this.#parts.layout.runsOf(part.stage, product).forEach((_, k) => {
        this.#slabProduct(part, product, k, region, units);
      });
      region += regionsOf(product);
    }
  }

  /** One run of blocks of a product, for the units of a part, into the product's regions of the slab, which begin at `first`. */
  #slabProduct({ slab, stage, unit }: SlabPart, product: Product, index: number, first: number, units: number): void {
    const { f, kernel, layout, places, gemms, team } = this.#parts;
    const { weight, transposed, operand } = product;
    const run = layout.runsOf(stage, product)[index] ?? { first: 0, count: 1, at: 0 };
    const region = first + (transposed ? 0 : run.at);
    const { rows, bias } = kernel.step.weights[weight] as Step['weights'][number];
    const packed = layout.packedOf(product, run, 'step');
    const { k, nr } = packed;
    const columns = this.#columns(transposed ? units : run.count * units, nr);
    const aRow = places.rowBytes(operand);
    const target = (): void => {
      f.i32(this.#region(slab, region));
      this.#skip('step', slab.units * 4);
      columns.skip(4);
    };
    this.#pushRows(operand, 'step', transposed ? run.at * rows * 4 : 0);
    // A panel of nr columns takes nr · k floats, so a unit's panel begins k floats a unit further on.
    f.i32(aRow).get(unit).i32(k * 4).op('i32.mul').get(places.packed(packed)).op('i32.add');
    columns.skip(k * 4);
    target();
    f.i32(slab.units * 4);
    team.pushCount(this.#shares.step).i32(k);
    columns.panels();
    if (transposed && index > 0) {
      target();
      f.i32(slab.units * 4);
    } else if (bias && !transposed) {
      f.get(places.bias(weight)).get(unit).i32(2).op('i32.shl').op('i32.add').i32(run.first * rows * 4).op('i32.add');
      columns.skip(4);
      f.i32(0);
    } else f.i32(0).i32(0);
    f.call(gemms.step.panels(aRow));
  }

  #region({ regions }: Slab, region: number): number {
    return this.#parts.places.fixed(regions[region] ?? 0);
  }

  /** Which of a product's columns in the loop are this thread's: all, or whole panels of its own. */
  #columns(count: number, nr: number, moment: Moment = 'step'): Columns {
    const { f, team, layout } = this.#parts;
    if (moment === 'start' || !layout.byUnits) return { skip: () => undefined, panels: () => f.i32(Math.ceil(count / nr)), count: () => f.i32(count) };
    const own = team.share(count, nr);
    return {
      skip: (bytes) => f.get(own.first).i32(bytes).op('i32.mul').op('i32.add'),
      panels: () => team.pushCount(own).i32(nr - 1).op('i32.add').i32(nr).op('i32.div_u'),
      count: () => team.pushCount(own),
    };
  }

  // Stages without slabs: for one step, or for all time at once.

  #wholeStage(stage: Stage, moment: Moment): void {
    for (const product of stage.products) this.#parts.layout.runsOf(stage, product).forEach((_, k) => this.#wholeProduct(stage, product, k, moment));
    for (const { operand, target } of stage.means) this.#mean(operand, target, moment);
    for (const map of stage.maps) this.#map(map, map.width, moment);
  }

  #wholeProduct(stage: Stage, product: Product, index: number, moment: Moment): void {
    const { f, kernel, layout, places, gemms, team } = this.#parts;
    const { weight, operand, target, transposed } = product;
    const { rows, bias } = kernel.step.weights[weight] as Step['weights'][number];
    const run = layout.runsOf(stage, product)[index] ?? { first: 0, count: 1, at: 0 };
    const packed = layout.packedOf(product, run, moment);
    const { k, n, nr } = packed;
    const columns = this.#columns(n, nr, moment);
    const shift = run.at * rows * 4;
    this.#pushRows(operand, moment, transposed ? shift : 0);
    f.i32(places.rowBytes(operand)).i32(4).get(places.packed(packed));
    columns.skip(k * 4);
    this.#pushRows(target, moment, transposed ? 0 : shift);
    columns.skip(4);
    f.i32(places.rowBytes(target));
    team.pushCount(this.#shares[moment]);
    columns.count();
    f.i32(k);
    if (transposed && index > 0) {
      this.#pushRows(target, moment);
      columns.skip(4);
      f.i32(places.rowBytes(target));
    } else if (bias && !transposed) {
      f.get(places.bias(weight)).i32(run.first * rows * 4).op('i32.add');
      columns.skip(4);
      f.i32(0);
    } else f.i32(0).i32(0);
    places.pushWorking(team.thread).call(gemms[moment].product);
  }

  /** Pushes the address of this thread's first row of a place. */
  #pushRows(place: Target, moment: Moment, more = 0): void {
    this.#parts.places.push(place, moment, more);
    this.#skip(moment, this.#parts.places.rowBytes(place));
  }

  /** Adds the rows that are other threads'. */
  #skip(moment: Moment, rowBytes: number): void {
    this.#parts.f.get(this.#shares[moment].first).i32(rowBytes).op('i32.mul').op('i32.add');
  }

  #mean(operand: Place, target: Place, moment: Moment): void {
    const { f, places } = this.#parts;
    const [from, to, row, channel, sum] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32'), f.local('f32')];
    this.#pushRows(operand, moment);
    f.set(from);
    this.#pushRows(target, moment);
    f.set(to).get(this.#shares[moment].first).set(row);
    f.while(row, this.#shares[moment].end, 1, () => {
      f.f32(0).set(sum).i32(0).set(channel);
      f.while(channel, operand.width * 4, 4, () => f.get(sum).get(from).get(channel).op('i32.add').memory('f32.load').op('f32.add').set(sum));
      f.get(to).get(sum).f32(operand.width).op('f32.div').memory('f32.store');
      f.get(from).i32(places.rowBytes(operand)).op('i32.add').set(from).get(to).i32(places.rowBytes(target)).op('i32.add').set(to);
    });
  }

  // Maps.

  #map(map: PointwiseMap, width: number, moment: Moment, part?: Part): void {
    const { f, module, plan, kernel, places, options } = this.#parts;
    // What is computed for masked rows before the loop is never read.
    const masked = kernel.masked && !plan.before.some(({ maps }) => maps.includes(map));
    const leaves = masked ? withCarried(map) : map.leaves;
    const walks = new Map([...leaves].map(([name, place]) => [name, this.#walk(place, map.width, part)]));
    const writes = map.writes.map(({ value, target }) => ({ value, walk: { rowBytes: places.rowBytes(target), single: false }, masked: maskedValue(target) }));
    const reference = emitPointwise(module, { batch: kernel.batch, width, leaves: walks, draws: map.draws, writes, masked }, options);
    for (const [name, place] of leaves) this.#pushLeaf(place, walks.get(name)?.single ?? false, moment, part);
    for (const { target } of map.writes) {
      places.push(target, moment);
      if (part !== undefined) f.get(part.unit).i32(2).op('i32.shl').op('i32.add');
    }
    if (masked) places.pushMask(moment);
    if (map.draws.size > 0) {
      if (moment === 'step') f.get(places.time); else f.i32(0);
      if (part === undefined) f.i32(0); else f.get(part.unit);
      f.get(places.seed);
    }
    f.get(this.#shares[moment].first).get(this.#shares[moment].end).call(reference);
  }

  #pushLeaf(place: Place, single: boolean, moment: Moment, part: Part | undefined): void {
    const { f, places } = this.#parts;
    const region = part?.slab === undefined ? undefined : regionOf(part.stage, place);
    if (part?.slab !== undefined && region !== undefined) {
      f.i32(this.#region(part.slab, region));
      // Of this thread's units alone the products know where they begin.
      if (this.#parts.layout.byUnits) f.get(part.unit).i32(2).op('i32.shl').op('i32.add');
    } else {
      places.push(place, moment);
      if (part !== undefined && !single) f.get(part.unit).i32(2).op('i32.shl').op('i32.add');
    }
  }

  #walk(place: Place, width: number, part: Part | undefined): Walk {
    if (part?.slab !== undefined && regionOf(part.stage, place) !== undefined) return { rowBytes: part.slab.units * 4, single: false };
    return { rowBytes: this.#parts.places.rowBytes(place), single: place.width === 1 && width > 1 };
  }
}

/** A product's results take this many regions of a slab. */
function regionsOf({ transposed, blocks }: Product): number {
  return transposed ? 1 : blocks.length;
}

/** Which region of the slab holds this place, if it is a result of the stage's products. */
function regionOf(stage: Stage, place: Place): number | undefined {
  let region = 0;
  for (const product of stage.products) {
    const { target } = product;
    if (place.kind === 'scratch' && place.index === target.index) return region + Math.floor(place.offset / (target.width / regionsOf(product)));
    region += regionsOf(product);
  }
  return undefined;
}

// A masked row keeps its states, and everything else that it gives is zero.
function maskedValue(target: Target): Masked {
  return target.kind === 'next' ? { leaf: `state${target.index}` } : 'zero';
}

function withCarried(map: PointwiseMap): ReadonlyMap<string, Place> {
  const states = map.writes.flatMap(({ target }) => (target.kind === 'next' ? [{ ...target, kind: 'state' as const }] : []));
  return new Map([...map.leaves, ...states.map((place) => [`state${place.index}`, place] as const)]);
}
