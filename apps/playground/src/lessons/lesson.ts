import type { CellChoice, Config, Slot, TaskName } from '../config/config.ts';
import type { OwnData } from '../training/protocol.ts';
import type { LanguageName } from '../words/words.ts';

/** A sentence in every language of the page. */
export type Spoken = Readonly<Record<LanguageName, string>>;

/** A part of the page that a lesson points at. */
export type Place = 'task' | 'models' | 'answers' | 'curves' | 'inside' | 'picture' | 'gates' | 'conveyor' | 'reach' | 'equations' | 'settings' | 'sample';

/** How the page is set when a lesson begins; what is missing is as the page opens first with that task. */
export interface LessonState {
  readonly task: TaskName;
  readonly config?: Partial<Omit<Config, 'task' | 'models'>>;
  readonly cells?: readonly [CellChoice, CellChoice, CellChoice];
  /** Text to learn from instead of the built-in one. */
  readonly data?: OwnData;
  readonly selected: Slot;
}

/** Something that a visitor does in a lesson with one button; each is a change of state like any that the page itself offers. */
export type Deed =
  | { readonly kind: 'train'; readonly steps: number }
  | { readonly kind: 'select'; readonly slot: Slot }
  /** Moves in time to the first step at which what was read last ends so; with another such place, to the unit whose past tells the two apart best. */
  | { readonly kind: 'seek'; readonly read: string; readonly apart?: string }
  | { readonly kind: 'truncate'; readonly steps: number }
  | { readonly kind: 'cell'; readonly slot: Slot; readonly choice: CellChoice }
  | { readonly kind: 'task'; readonly task: TaskName }
  /** Gates that keep a state begin so far open; a new run. */
  | { readonly kind: 'keep'; readonly keep: number };

/** One page of a lesson: a few sentences, where to look, and what can be done. */
export interface LessonPage {
  readonly text: Spoken;
  readonly look: Place;
  readonly deeds?: readonly { readonly say: Spoken; readonly deed: Deed }[];
}

/** A state of the page and a few pages of text. */
export interface Lesson {
  readonly id: string;
  readonly title: Spoken;
  readonly state: LessonState;
  readonly pages: readonly LessonPage[];
}
