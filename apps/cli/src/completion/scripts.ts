/** What can be completed: commands, and the options of each with the words that may follow them. */
export interface Completions {
  readonly commands: readonly { readonly name: string; readonly summary: string; readonly options: readonly CompletedOption[]; readonly words: readonly string[] }[];
}

/** A flag. */
export interface CompletedOption { readonly flag: string; readonly help: string; readonly choices: readonly string[] }

export type Shell = 'bash' | 'zsh' | 'fish';

/** A script that a shell sources, and then completes the command. Files are completed where nothing else fits. */
export const completionScripts: Readonly<Record<Shell, (completions: Completions) => string>> = { bash, zsh, fish };

function bash({ commands }: Completions): string {
  const cases = commands.map(({ name, options, words }) => {
    const flags = [...words, ...options.map(({ flag }) => flag)].join(' ');
    const choices = options.filter((option) => option.choices.length > 0).map(({ flag, choices: of }) => `      ${flag}) COMPREPLY=($(compgen -W '${of.join(' ')}' -- "$cur")); return ;;`);
    return [`    ${name})`, '      case "$prev" in', ...choices, '      esac', `      COMPREPLY=($(compgen -W '${flags}' -f -- "$cur")) ;;`].join('\n');
  });
  return [
    '# unroll: completion for bash. Put  eval "$(unroll completion bash)"  into ~/.bashrc.', '_unroll() {', '  local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}"', '  COMPREPLY=()',
    '  if [ "$COMP_CWORD" -eq 1 ]; then', `    COMPREPLY=($(compgen -W '${commands.map(({ name }) => name).join(' ')} help --help --version' -- "$cur")); return`, '  fi', '  case "${COMP_WORDS[1]}" in', ...cases, '  esac', '}',
    'complete -o filenames -F _unroll unroll', '',
  ].join('\n');
}

function zsh({ commands }: Completions): string {
  const text = (words: string): string => words.replace(/'/g, "'\\''").replace(/[[\]:]/g, (letter) => `\\${letter}`);
  const cases = commands.map(({ name, options, words }) => {
    const flags = options.map(({ flag, help, choices }) => `      '${flag}[${text(help)}]${choices.length === 0 ? '' : `:value:(${choices.join(' ')})`}' \\`);
    return [`    ${name}) _arguments \\`, ...flags, `      '*: :_alternative "words:word:(${words.join(' ')})" "files:file:_files"' ;;`].join('\n');
  });
  return [
    '#compdef unroll', '# unroll: completion for zsh. Put  eval "$(unroll completion zsh)"  into ~/.zshrc, after compinit.', '_unroll() {', '  local -a names', '  if (( CURRENT == 2 )); then', '    names=(',
    ...commands.map(({ name, summary }) => `      '${name}:${text(summary)}'`), '    )', '    _describe command names; return', '  fi', '  local name="${words[2]}"', '  shift words; (( CURRENT-- ))', '  case "$name" in', ...cases, '  esac', '}', 'compdef _unroll unroll', '',
  ].join('\n');
}

function fish({ commands }: Completions): string {
  const text = (words: string): string => words.replace(/\\/g, '\\\\').replace(/'/g, "\\'");
  const lines = commands.flatMap(({ name, summary, options, words }) => [
    `complete -c unroll -n __fish_use_subcommand -f -a ${name} -d '${text(summary)}'`,
    ...(words.length === 0 ? [] : [`complete -c unroll -n '__fish_seen_subcommand_from ${name}' -a '${words.join(' ')}'`]),
    ...options.map(({ flag, help, choices }) => `complete -c unroll -n '__fish_seen_subcommand_from ${name}' -l ${flag.slice(2)} -d '${text(help)}'${choices.length === 0 ? '' : ` -x -a '${choices.join(' ')}'`}`),
  ]);
  return ['# unroll: completion for fish. Write it to ~/.config/fish/completions/unroll.fish.', ...lines, ''].join('\n');
}
