import { check, checkFromZero } from './errors.ts';

/** Parameters that are treated in their own way; what is left out is as for all others. */
export interface ParameterGroup {
  /** Which parameters, by name. */
  readonly match: RegExp | ((name: string) => boolean);
  readonly weightDecay?: number;
  /** The learning rate while the optimiser's own is the one that it began with; a schedule changes both in proportion. */
  readonly lr?: number;
}

/** What every optimiser takes. */
export interface GroupOptions {
  /** Learning rate. */
  readonly lr?: number;
  readonly weightDecay?: number;
  /** Default false. True: climbs instead of descending. */
  readonly maximize?: boolean;
  /** Parameters with another weight decay or learning rate; of several groups that match, the first counts. Default: none. */
  readonly groups?: readonly ParameterGroup[];
}

/** A group with nothing left open. */
export interface Group {
  readonly weightDecay: number;
  /** Its learning rate is that of the optimiser times this. */
  readonly rate: number;
}

/** The group of a parameter, by its name. Throws TrainError `argument` for numbers out of range. */
export function grouping(name: string, { lr, weightDecay, groups }: { readonly lr: number; readonly weightDecay: number; readonly groups: readonly ParameterGroup[] }): (parameter: string) => Group {
  checkFromZero(name, { lr, weightDecay });
  const others: Group = { weightDecay, rate: 1 };
  const resolved = groups.map((group) => ({ matches: matcher(group), group: resolve(name, lr, group, others) }));
  return (parameter) => resolved.find(({ matches }) => matches(parameter))?.group ?? others;
}

function resolve(name: string, ownLr: number, { lr, weightDecay }: ParameterGroup, others: Group): Group {
  checkFromZero(name, { ...(lr === undefined ? {} : { lr }), ...(weightDecay === undefined ? {} : { weightDecay }) });
  check(lr === undefined || ownLr > 0, 'argument', () => `${name}: a group with a learning rate of its own needs an lr above 0 for the others, got ${ownLr}.`);
  return { weightDecay: weightDecay ?? others.weightDecay, rate: lr === undefined ? 1 : lr / ownLr };
}

function matcher({ match }: ParameterGroup): (parameter: string) => boolean {
  // Not `test`, which remembers where it was in a pattern with the flag g.
  return match instanceof RegExp ? (parameter) => parameter.search(match) >= 0 : match;
}
