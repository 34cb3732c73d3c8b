import { autocompletion, completionKeymap, startCompletion, type Completion, type CompletionContext, type CompletionResult } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { linter, type Diagnostic } from '@codemirror/lint';
import { Annotation, Compartment, EditorState, StateField, type Extension } from '@codemirror/state';
import { Decoration, EditorView, hoverTooltip, keymap, showTooltip, type DecorationSet, type Tooltip } from '@codemirror/view';
import { notationWords } from '../words/notation.ts';
import type { LanguageName } from '../words/words.ts';
import { checked } from './equations.ts';
import { callAt, functions, suggestionsAt, tokensOf, type FunctionName, type Token } from './notation.ts';

/** The editor of equations: loaded when somebody goes to edit them. */
export interface EquationEditor {
  /** Shows another text, as one step that can be undone. */
  set(text: string): void;
  /** What a screen reader is told of it. */
  describe(attributes: Readonly<Record<string, string>>): void;
  focus(): void;
  destroy(): void;
}

/** What an editor begins with, and whom it tells what is typed. */
export interface EditorStart {
  readonly text: string;
  /** Characters from the beginning between which something is selected. */
  readonly selection: readonly [number, number];
  readonly language: () => LanguageName;
  readonly attributes: Readonly<Record<string, string>>;
  readonly typed: (text: string) => void;
}

/** Marks a change that comes from the page and not from a keyboard. */
const outside = Annotation.define<boolean>();

/** Makes an editor in an element. Tab leaves it, as it leaves any field. */
export function editorIn(parent: HTMLElement, { text, selection, language, attributes, typed }: EditorStart): EquationEditor {
  const described = new Compartment();
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: text, selection: { anchor: Math.min(selection[0], text.length), head: Math.min(selection[1], text.length) },
      extensions: [
        history(), colours, signature(language), explanations(language), theme, EditorView.lineWrapping, described.of(EditorView.contentAttributes.of(attributes)),
        linter(({ state }) => faultsOf(state.doc.toString()), { delay: 150 }),
        // Nothing is selected until somebody asks for it, so nothing can be taken by surprise, however soon a key follows.
        autocompletion({ override: [(context) => completionsAt(context, language())], selectOnOpen: false, interactionDelay: 0, icons: false }),
        keymap.of([{ key: 'Mod-i', run: startCompletion }, ...completionKeymap, ...defaultKeymap, ...historyKeymap]),
        EditorView.updateListener.of(({ docChanged, state, transactions }) => { if (docChanged && !transactions.some((one) => one.annotation(outside) === true)) typed(state.doc.toString()); }),
      ],
    }),
  });
  return {
    set: (to) => { if (to !== view.state.doc.toString()) view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: to }, annotations: outside.of(true) }); },
    describe: (to) => view.dispatch({ effects: described.reconfigure(EditorView.contentAttributes.of(to)) }),
    focus: () => view.focus(),
    destroy: () => view.destroy(),
  };
}

// Private.

function faultsOf(text: string): Diagnostic[] {
  const { fault } = checked(text);
  if (fault === undefined) return [];
  // What is missing at an end is underlined at the character before it.
  const to = Math.min(fault.end, text.length);
  return [{ from: Math.max(0, Math.min(fault.start, to - 1)), to, severity: 'error', message: fault.message }];
}

function completionsAt(context: CompletionContext, language: LanguageName): CompletionResult | null {
  const word = context.matchBefore(/[\p{L}_][\p{L}\p{N}_]*/u);
  if (word === null && !context.explicit) return null;
  const words = notationWords(language);
  const options = suggestionsAt(context.state.doc.toString(), context.pos).map(({ label, kind, apply, rank }): Completion => {
    const call = kind === 'function' ? (label as FunctionName) : undefined;
    return { label, apply: apply ?? label, boost: rank, detail: call === undefined ? words.kinds[kind] : `(${functions[call]})  ${words.functions[call]}` };
  });
  return options.length === 0 ? null : { from: word?.from ?? context.pos, options, validFor: /^[\p{L}\p{N}_]*$/u };
}

const colours: Extension = StateField.define<DecorationSet>({
  create: ({ doc }) => coloured(doc.toString()),
  update: (before, { docChanged, state }) => (docChanged ? coloured(state.doc.toString()) : before),
  provide: (field) => EditorView.decorations.from(field),
});

function coloured(text: string): DecorationSet {
  return Decoration.set(tokensOf(text).map(({ from, to, kind }) => Decoration.mark({ class: `eq-${kind}` }).range(from, to)));
}

/** While a cursor stands in the parentheses of a function: what it takes. */
function signature(language: () => LanguageName): Extension {
  const found = (state: EditorState): Tooltip | null => {
    const { head, empty } = state.selection.main;
    const call = empty ? callAt(state.doc.toString(), head) : undefined;
    if (call === undefined || !functions[call.name].includes(',')) return null;
    return { pos: call.from, above: true, create: () => ({ dom: hint(call.name, functions[call.name].split(', '), call.argument, notationWords(language()).functions[call.name]) }) };
  };
  return StateField.define<Tooltip | null>({
    create: found,
    update: (before, { docChanged, selection, state }) => (docChanged || selection !== undefined ? found(state) : before),
    provide: (field) => showTooltip.from(field),
  });
}

function hint(name: string, parts: readonly string[], here: number, words: string): HTMLElement {
  const made = document.createElement('div');
  made.className = 'eq-hint';
  made.append(`${name}(`);
  for (const [k, part] of parts.entries()) {
    const own = document.createElement(k === here ? 'b' : 'span');
    own.textContent = part;
    made.append(k > 0 ? ', ' : '', own);
  }
  made.append(`)  ${words}`);
  return made;
}

/** What a name means, where a pointer rests on it. */
function explanations(language: () => LanguageName): Extension {
  return hoverTooltip((view, place) => {
    const token = tokensOf(view.state.doc.toString()).find(({ from, to }) => from <= place && place <= to);
    if (token === undefined || token.kind === 'comment' || token.kind === 'number' || isFaulty(token, view.state.doc.toString())) return null;
    const words = notationWords(language());
    const name = token.text.toLowerCase();
    const text = token.kind === 'function' && Object.hasOwn(functions, name) ? words.functions[name as FunctionName] : words.kinds[token.kind];
    return { pos: token.from, end: token.to, above: true, create: () => ({ dom: explained(token.text, text) }) };
  });
}

// Where a message tells what is wrong, nothing else is said.
function isFaulty({ from, to }: Token, text: string): boolean {
  const { fault } = checked(text);
  return fault !== undefined && fault.start < to && from < fault.end;
}

function explained(name: string, words: string): HTMLElement {
  const [made, bold] = [document.createElement('div'), document.createElement('b')];
  made.className = 'eq-hint';
  bold.textContent = name;
  made.append(bold, `  ${words}`);
  return made;
}

const mono = "ui-monospace, 'SF Mono', Menlo, Consolas, monospace";
const theme: Extension = EditorView.theme({
  '&': { backgroundColor: 'var(--surface-2)', color: 'var(--ink)', border: '1px solid var(--line)', borderRadius: '8px', fontSize: '14px' },
  '&.cm-focused': { outline: '3px solid var(--focus)', outlineOffset: '2px' },
  '.cm-scroller': { fontFamily: mono, lineHeight: '1.6' },
  '.cm-content': { padding: '0.5rem 0.3rem', caretColor: 'var(--ink)', minHeight: '6.5rem' },
  '.cm-lintRange-error': { backgroundImage: 'none', textDecoration: 'underline wavy 2px var(--wrong)', textUnderlineOffset: '3px' },
  '.eq-function': { color: 'var(--model-0)' }, '.eq-weight': { color: 'var(--model-1)' }, '.eq-bias, .eq-vector': { color: 'var(--model-2)' }, '.eq-target': { fontWeight: '700' }, '.eq-comment, .eq-keyword': { color: 'var(--ink-soft)', fontStyle: 'italic' },
  '.cm-tooltip': { backgroundColor: 'var(--surface)', color: 'var(--ink)', border: '1px solid var(--line)', borderRadius: '8px', boxShadow: '0 4px 18px rgb(0 0 0 / 18%)', overflow: 'hidden', maxWidth: 'min(30rem, 92vw)' },
  '.eq-hint, .cm-diagnostic': { padding: '0.3rem 0.6rem', font: '13px/1.4 system-ui, sans-serif' },
  '.cm-diagnostic-error': { borderLeft: '4px solid var(--wrong)' },
  '.cm-tooltip-autocomplete ul': { fontFamily: mono, maxHeight: '14rem' },
  '.cm-tooltip-autocomplete ul li': { padding: '0.2rem 0.6rem' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--accent)', color: 'var(--on-accent)' },
  '.cm-completionDetail': { fontFamily: 'system-ui, sans-serif', fontStyle: 'normal', fontSize: '12px', marginLeft: '0.8rem', opacity: '0.85' },
  '.cm-completionMatchedText': { textDecoration: 'none', fontWeight: '700' },
});
