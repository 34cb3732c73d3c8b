import type { Config } from '../config/config.ts';
import { firstConfig, optionsOf, taskInfos } from '../config/tasks.ts';
import type { View } from '../inside/view.svelte.ts';
import type { Lab } from '../state/lab.svelte.ts';
import type { Deed, LessonState, Place } from './lesson.ts';

/** The whole configuration that a lesson begins with. */
export function configOf({ task, config = {}, cells }: LessonState): Config {
  const models = firstConfig.models.map((model, k) => ({ ...model, ...cells?.[k] })) as unknown as Config['models'];
  return { ...firstConfig, ...taskInfos[task].start, models, ...config, task, options: optionsOf(task, config.options ?? {}) };
}

/** What the page was before a lesson. */
export interface Before { readonly config: Config; readonly own: Lab['own']; readonly selected: Lab['selected'] }

/** Sets the page for a lesson; gives back what it was. */
export async function begin(lab: Lab, state: LessonState): Promise<Before> {
  const before = { config: lab.config, own: lab.own, selected: lab.selected };
  lab.pause();
  lab.own = { ...lab.own, [state.task]: state.data };
  lab.selected = state.selected;
  await lab.open(configOf(state));
  return before;
}

/** Sets the page back to what it was. */
export async function restore(lab: Lab, { config, own, selected }: Before): Promise<void> {
  lab.pause();
  lab.own = own;
  lab.selected = selected;
  await lab.open(config);
}

/** Does what a button of a lesson says. */
export async function perform(lab: Lab, view: View, deed: Deed): Promise<void> {
  switch (deed.kind) {
    case 'train': return lab.train(deed.steps);
    case 'select': lab.selected = deed.slot; return;
    case 'seek': view.sought = { read: deed.read, apart: deed.apart }; return;
    case 'truncate': return lab.learn({ truncate: deed.steps });
    case 'cell':
      lab.selected = deed.slot;
      return await lab.chooseModel(deed.slot, { ...deed.choice, backend: lab.config.models[deed.slot].backend });
    case 'task': return await lab.chooseTask(deed.task);
    case 'keep': return await lab.open({ ...lab.config, keep: deed.keep });
  }
}

/** How each part of the page is found. */
export const places: Readonly<Record<Place, string>> = {
  task: '#task-title', models: '.models', answers: '#answers-title', curves: '#curves-title', inside: '#inside-title', picture: '#place-picture', gates: '#place-gates', conveyor: '#place-conveyor', reach: '#place-reach',
  equations: '#equations-title', settings: 'main > details.card', sample: '#sample-title',
};

/** The part of the page that a lesson points at: the whole card. */
export function placed(place: Place): Element | undefined {
  const found = document.querySelector(places[place]);
  return found?.closest('section, details') ?? found ?? undefined;
}
