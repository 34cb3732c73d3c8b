import { check } from './errors.ts';

/** JSON as fields. Throws TrainError `state` where it is no object. */
export function savedFields(name: string, state: unknown): Readonly<Record<string, unknown>> {
  check(typeof state === 'object' && state !== null && !Array.isArray(state), 'state', () => `${name}: the saved state must be an object, got ${JSON.stringify(state) ?? 'nothing'}; the file is damaged.`);
  return state as Readonly<Record<string, unknown>>;
}

type Saved<Required extends string, Optional extends string> = Readonly<Record<Required, number> & Record<Optional, number | null>>;

/** JSON with a finite number from 0 in each required field, and a finite number or null in each optional one. Throws TrainError `state`. */
export function savedNumbers<Required extends string, Optional extends string>(
  name: string, state: unknown, required: readonly Required[], optional: readonly Optional[],
): Saved<Required, Optional> {
  const fields = savedFields(name, state);
  const isFine = (field: Required | Optional): boolean => {
    const value = fields[field];
    if ((optional as readonly string[]).includes(field)) return value === null || Number.isFinite(value);
    return Number.isFinite(value) && (value as number) >= 0;
  };
  const fault = [...required, ...optional].find((field) => !isFine(field));
  check(fault === undefined, 'state', () => `${name}: the saved ${fault} must be a number, got ${JSON.stringify(fields[fault as string]) ?? 'nothing'}; the file is damaged.`);
  return fields as Saved<Required, Optional>;
}
