/** What shells run to complete a `stadion` command line. They ask `stadion __complete` for the words. */

/** The shells that are known. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** The script to be read by a shell. */
export function completionScript(shell: Shell): string {
  return SCRIPTS[shell];
}

/** `__complete` gets the words up to the cursor, the unfinished one last, and prints one candidate a line. */
const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: String.raw`# bash completion for stadion. Use: source <(stadion completion bash)
_stadion() {
  local IFS=$'\n'
  COMPREPLY=()
  local candidate
  while read -r candidate; do
    COMPREPLY+=("$candidate")
  done < <(stadion __complete -- "${'$'}{COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  if [ "${'$'}{#COMPREPLY[@]}" -eq 0 ]; then
    compopt -o default 2>/dev/null
  fi
}
complete -F _stadion stadion
`,
  zsh: String.raw`#compdef stadion
# zsh completion for stadion. Use: source <(stadion completion zsh)
_stadion() {
  local -a candidates
  candidates=("${'$'}{(@f)$(stadion __complete -- "${'$'}{(@)words[2,CURRENT]}" 2>/dev/null)}")
  candidates=("${'$'}{(@)candidates:#}")
  if (( ${'$'}{#candidates} )); then
    compadd -- "${'$'}{candidates[@]}"
  else
    _files
  fi
}
compdef _stadion stadion
`,
  fish: String.raw`# fish completion for stadion. Use: stadion completion fish | source
function __stadion_complete
  set -l words (commandline -opc) (commandline -ct)
  stadion __complete -- $words[2..-1] 2>/dev/null
end
complete -c stadion -f -a '(__stadion_complete)'
complete -c stadion -n '__fish_seen_subcommand_from add update' -F
`,
};
