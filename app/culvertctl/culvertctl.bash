# SPDX-License-Identifier: BSD-3-Clause
# bash completion for culvertctl, which knows itself what may be said
_culvertctl() {
	local line

	case ${COMP_WORDS[COMP_CWORD - 1]} in
	-s | --socket)
		compopt -o default
		return
		;;
	esac
	COMPREPLY=()
	# users name themselves: what comes is taken as it is, never as shell words
	while read -r line; do
		COMPREPLY+=("$(printf %q "$line")")
	done < <(culvertctl --complete "$COMP_CWORD" "${COMP_WORDS[@]}" 2>/dev/null)
	[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace
}
complete -F _culvertctl culvertctl
