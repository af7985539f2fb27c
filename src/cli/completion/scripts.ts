import { COMPLETE, type Shell } from '../program/names.ts';

// Each script asks the program itself, so that it never falls behind: the commands and flags of the program are the only list.

const bash = `# agent-injector completion bash: source <(agent-injector completion bash)
_agent_injector() {
  local current words line kind=
  current="\${COMP_WORDS[COMP_CWORD]}"
  words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  # Bash splits words at = and :, which are part of ours.
  if declare -F _get_comp_words_by_ref >/dev/null; then
    local all at
    _get_comp_words_by_ref -n =: -w all -i at -c current
    words=("\${all[@]:1:at}")
  fi
  # Of --flag=value, what is completed is the value.
  local flag= value="$current"
  if [[ "$current" == --*=* ]]; then flag="\${current%%=*}=" value="\${current#*=}"; fi
  COMPREPLY=()
  while IFS= read -r line; do
    case "$line" in
      :*) kind="\${line#:}" ;;
      *) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done < <("\${COMP_WORDS[0]}" ${COMPLETE} -- "\${words[@]}" 2>/dev/null)
  case "$kind" in
    files) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -P "$flag" -f -- "$value") ;;
    directories) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -P "$flag" -d -- "$value") ;;
    *) if [[ "\${COMPREPLY[*]}" == *[/=] ]]; then compopt -o nospace 2>/dev/null; fi ;;
  esac
  # Readline replaces only what is behind the last character that splits words.
  if [[ "$COMP_WORDBREAKS" == *=* ]]; then COMPREPLY=("\${COMPREPLY[@]#"$flag"}"); fi
  if declare -F __ltrim_colon_completions >/dev/null; then __ltrim_colon_completions "$current"; fi
}
complete -F _agent_injector agent-injector kubectl-agent_injector
`;

const zsh = `#compdef agent-injector kubectl-agent_injector
# agent-injector completion zsh: source <(agent-injector completion zsh)
_agent_injector() {
  local line kind=
  local -a found open
  while IFS= read -r line; do
    case "$line" in
      :*) kind="\${line#:}" ;;
      *[/=]) open+=("\${line//:/\\\\:}") ;;
      *) found+=("\${\${line//:/\\\\:}/$'\\t'/:}") ;;
    esac
  done < <("\${words[1]}" ${COMPLETE} -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  case "$kind" in
    files) compset -P '--*='; _files ;;
    directories) compset -P '--*='; _files -/ ;;
    *) _describe agent-injector found -- open -S '' ;;
  esac
}
if [ "$funcstack[1]" = "_agent_injector" ]; then _agent_injector "$@"; else compdef _agent_injector agent-injector kubectl-agent_injector; fi
`;

const fish = `# agent-injector completion fish: agent-injector completion fish | source
function __agent_injector_complete
  set -l current (commandline -ct)
  set -l words (commandline -opc) $current
  # Of --flag=value, what is completed is the value.
  set -l flag (string match -r -- '^--[^=]+=' $current)
  set -l value (string replace -r -- '^--[^=]+=' '' $current)
  for line in ($words[1] ${COMPLETE} -- $words[2..-1] 2>/dev/null)
    switch $line
      case ':files'
        string replace -r -- '^' "$flag" (__fish_complete_path "$value")
      case ':directories'
        string replace -r -- '^' "$flag" (__fish_complete_directories "$value")
      case '*'
        echo $line
    end
  end
end
complete -c agent-injector -f -a '(__agent_injector_complete)'
complete -c kubectl-agent_injector -f -a '(__agent_injector_complete)'
`;

export const scripts: { readonly [shell in Shell]: string } = { bash, zsh, fish };
