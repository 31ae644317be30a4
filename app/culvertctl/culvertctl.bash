# SPDX-License-Identifier: BSD-3-Clause
# bash completion for culvertctl
_culvertctl() {
	local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} i command=''
	local commands='status pools tunnels tunnel sessions session ended drops edges counters ports
		workers neighbours kick log-level'
	local socket=()
	local -A columns=(
		[sessions]='user= group= peer= address= state= auth= serial= listener='
		[tunnels]='peer= host= state= listener='
		[ended]='user= peer= address= state= serial= reason='
		[neighbours]='address= port= state='
	)

	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-s | --socket) socket=(--socket "${COMP_WORDS[++i]}") ;;
		-*) ;;
		*) command=${command:-${COMP_WORDS[i]}} ;;
		esac
	done
	# IDs of the tunnels (column 1), or their peers (2).
	_culvertctl_tunnels() {
		mapfile -t COMPREPLY < <(compgen -W "$(culvertctl "${socket[@]}" tunnels 2>/dev/null |
			awk -v n="$1" 'NR > 1 {print $n}')" -- "$word")
	}
	# IDs (column 1), users (2) and serials (7) of the sessions that are there now. Users name
	# themselves: their names are taken as they are, never as shell words.
	_culvertctl_sessions() {
		local line
		while read -r line; do
			[[ $line != "$word"* ]] || COMPREPLY+=("$(printf %q "$line")")
		done < <(culvertctl "${socket[@]}" sessions ${word:+"$word"} 2>/dev/null |
			awk -v columns="$*" 'BEGIN {n = split(columns, c, " ")}
				NR > 1 {for (i = 1; i <= n; i++) if ($c[i] ~ /./) print $c[i]}')
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
	elif [[ $command == kick && $previous == tunnel || $command == tunnel ]]; then
		_culvertctl_tunnels 1
	elif [[ $command == kick && $previous == peer ]]; then
		_culvertctl_tunnels 2
	elif [[ $command == kick ]]; then
		mapfile -t COMPREPLY < <(compgen -W 'user tunnel peer' -- "$word")
		_culvertctl_sessions 1 7
	elif [[ $command == session ]]; then
		_culvertctl_sessions 1 7
	elif [[ ${columns[$command]-} ]]; then
		compopt -o nospace
		mapfile -t COMPREPLY < <(compgen -W "${columns[$command]}" -- "$word")
	elif [[ $command == log-level ]]; then
		mapfile -t COMPREPLY < <(compgen -W 'error warning info debug' -- "$word")
	fi
}
complete -F _culvertctl culvertctl
