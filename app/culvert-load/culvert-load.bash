# SPDX-License-Identifier: BSD-3-Clause
# bash completion for culvert-load, which knows its own options
_culvert_load() {
	local word=${COMP_WORDS[COMP_CWORD]}

	case ${COMP_WORDS[COMP_CWORD - 1]} in
	--password-file | --secret-file)
		compopt -o default
		return
		;;
	--auth)
		mapfile -t COMPREPLY < <(compgen -W "mschapv2 chap-md5 pap" -- "$word")
		return
		;;
	--port | --uplink-port)
		mapfile -t COMPREPLY < <(compgen -W "af_packet: xdp: tap: memif: pci:" -- "$word")
		return
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$(culvert-load --complete 2>/dev/null)" -- "$word")
}
complete -F _culvert_load culvert-load
