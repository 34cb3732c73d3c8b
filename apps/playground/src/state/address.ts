import type { Config, Slot } from '../config/config.ts';
import { base64url, bytesOf, fromFragment, longestFragment, toFragment, type PackedModel, type Reading } from '../config/fragment.ts';
import { fromHalf, toHalf } from '../config/half.ts';
import type { Lab } from './lab.svelte.ts';

/** What the address of the page says. */
export function readAddress(): Promise<Reading | undefined> {
  return fromFragment(location.hash);
}

/** Writes the configuration into the address, without a new entry in the history. Whoever reloads sees what they saw. */
export async function writeAddress(config: Config): Promise<void> {
  history.replaceState(null, '', `#${await toFragment({ config })}`);
}

/** A link to the page as it is, on request with a trained model; undefined where the model is too large for an address. */
export async function linkTo(lab: Lab, slot: Slot | undefined): Promise<string | undefined> {
  const model = slot === undefined ? undefined : await packed(lab, slot);
  const fragment = await toFragment(model === undefined ? { config: lab.config } : { config: lab.config, model });
  return fragment.length > longestFragment ? undefined : `${location.origin}${location.pathname}#${fragment}`;
}

/** Puts the model of an address into its place. Rejects where it does not fit. */
export async function unpack(lab: Lab, { slot, weights }: PackedModel): Promise<void> {
  const bytes = bytesOf(weights);
  lab.selected = slot;
  await lab.load(slot, fromHalf(new Uint16Array(bytes.buffer, 0, Math.floor(bytes.length / 2))));
}

async function packed(lab: Lab, slot: Slot): Promise<PackedModel> {
  const weights = await lab.ask(slot, 'weights');
  const numbers = weights.flatMap(({ data }) => [...data]);
  return { slot, step: lab.models[slot].step, weights: base64url(new Uint8Array(toHalf(numbers).buffer)) };
}
