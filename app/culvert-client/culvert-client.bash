# SPDX-License-Identifier: BSD-3-Clause
# bash completion for culvert-client, which knows itself what may be said
_culvert_client() {
	local line
	local -a config=()
	local i

	case ${COMP_WORDS[COMP_CWORD - 1]} in
	-c | --config)
		compopt -o default
		return
		;;
	esac
	for ((i = 1; i + 1 < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-c | --config) config=(--config "${COMP_WORDS[i + 1]}") ;;
		esac
	done
	COMPREPLY=()
	while read -r line; do
		COMPREPLY+=("$(printf %q "$line")")
	done < <(culvert-client "${config[@]}" --complete "$COMP_CWORD" "${COMP_WORDS[@]}" 2>/dev/null)
}
complete -F _culvert_client culvert-client
