import { createContext } from 'svelte';
import { en } from './en.ts';
import type { LanguageName, WordKey, Words } from './words.ts';

/** Says the page's sentences in the language that was chosen. Korean is loaded when somebody wants it. */
export class Speaker {
  language: LanguageName = $state('en');
  #words: Words = $state.raw(en);

  /** The sentence, with its `{name}`s filled in. */
  say(key: WordKey, values: Readonly<Record<string, string | number>> = {}): string {
    return this.#words[key].replaceAll(/\{(\w+)\}/gu, (whole, name: string) => String(values[name] ?? whole));
  }

  async choose(language: LanguageName): Promise<void> {
    this.#words = language === 'en' ? en : (await import('./ko.ts')).ko;
    this.language = language;
    document.documentElement.lang = language;
  }
}

const [spoken, speak] = createContext<Speaker>();

/** The speaker of the page, in any component. */
export function speakerOf(): Speaker {
  return spoken();
}

/** Gives the speaker to every component below. */
export function setSpeaker(speaker: Speaker): void {
  speak(speaker);
}
