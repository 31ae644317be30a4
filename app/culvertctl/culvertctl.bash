# SPDX-License-Identifier: BSD-3-Clause
# bash completion for culvertctl
_culvertctl() {
	local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} i command=''
	local commands='status tunnels sessions session ended drops edges counters ports workers
		kick log-level'
	local socket=()

	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-s | --socket) socket=(--socket "${COMP_WORDS[++i]}") ;;
		-*) ;;
		*) command=${command:-${COMP_WORDS[i]}} ;;
		esac
	done
	# IDs (column 1) and users (2) of the sessions that are there now. Users name themselves: their
	# names are taken as they are, never as shell words.
	_culvertctl_sessions() {
		local line
		while read -r line; do
			[[ $line != "$word"* ]] || COMPREPLY+=("$(printf %q "$line")")
		done < <(culvertctl "${socket[@]}" sessions ${word:+"$word"} 2>/dev/null |
			awk -v n="$1" 'NR > 1 && $n ~ /./ {print $n}')
	}
	case $previous in
	-s | --socket)
		compopt -o default
		return
		;;
	esac
	if [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W '--socket --json --watch --version --help' -- "$word")
	elif [[ -z $command ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$word")
	elif [[ $command == kick && $previous == user ]]; then
		_culvertctl_sessions 2
	elif [[ $command == kick ]]; then
		mapfile -t COMPREPLY < <(compgen -W user -- "$word")
		_culvertctl_sessions 1
	elif [[ $command == session ]]; then
		_culvertctl_sessions 1
	elif [[ $command == sessions ]]; then
		compopt -o nospace
		mapfile -t COMPREPLY < <(compgen -W 'user= group= peer= address= state= auth=' -- "$word")
	elif [[ $command == log-level ]]; then
		mapfile -t COMPREPLY < <(compgen -W 'error warning info debug' -- "$word")
	fi
}
complete -F _culvertctl culvertctl
