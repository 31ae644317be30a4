# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# The rules of the rooms in lib/, as functions that print what breaks them; for lint.sh, and for
# planted.sh, which breaks each of them. ROOT is a source tree, BUILD what was compiled of it.

# room FOLDER ALLOWED...: whom a folder of lib/ may include; that alone makes layers.
rooms() {
	room base
	room wire base
	room auto6 base wire
	room rtnl base
	room stun base
	room vici base
	room crypto base
	room ike base crypto
	room l2tp base crypto
	room ppp base crypto
	room config base
	room dial base crypto l2tp ppp
	room lns base auto6 crypto l2tp ppp config
	room datapath base wire stun
}

# Rooms that must be the same on any operating system, without threads, clocks or sockets.
pure="base wire auto6 rtnl stun vici crypto ike l2tp ppp config dial lns"
system='rte_|sys/|time\.h|pthread|event2?|unistd|poll|netinet|netdb|fcntl|signal'
calls='socket|bind|listen|accept4?|connect|send(to|msg|mmsg)?|recv(from|msg|mmsg)?|poll|epoll_.*|select'
calls="$calls|clock_.*|gettimeofday|time|nanosleep|u?sleep|getrandom|rand(om)?|srand(om)?"
calls="$calls|pthread_.*|thrd_.*|open(at|64)?|fopen(64)?|read|write|fread|fwrite|fork|exec.*|system|rte_.*"
calls="$calls|printf|puts|fprintf|fputs|perror|exit|abort|getenv"

archive() { echo "$1/lib/$2/libculvert_$2.a"; }
# objects BUILD ROOM: of a room of the data path.
objects() { find "$1/lib/datapath" -name "$2_*.o" 2>/dev/null; }
defined() { nm --defined-only "$@" 2>/dev/null | awk 'NF == 3 && $2 ~ /[TDBRC]/ {print $3}' | sort -u; }
wanted() { nm -u "$@" 2>/dev/null | awk 'NF == 2 {print $2}' | sed 's/@.*//' | sort -u; }

# A rule that reads what was compiled is broken, too, where there is nothing to read.
compiled() {
	local folder
	for folder in $pure datapath; do
		[ -s "$(archive "$1" "$folder")" ] || echo "nothing compiled: lib/$folder"
	done
	for folder in worker control table host; do
		[ -n "$(objects "$1" $folder)" ] || echo "nothing compiled: lib/datapath/$folder"
	done
}

# breaks_layers ROOT: includes that no row of rooms allows; a folder that has no row.
breaks_layers() {
	local root=$1 known
	room() {
		local folder=$1 allowed
		shift
		allowed=$(printf '%s|' "$folder" "$@")
		grep -rHnE '^#include "' "$root/lib/$folder" --include=*.[ch] |
			grep -vE "\"(${allowed%|})/"
	}
	# the data path reads headers of L2TP, and nothing else of it
	rooms | grep -vE '/lib/datapath/.*"l2tp/header\.h"'
	room() { echo "$1"; }
	known=" $(rooms | tr '\n' ' ')"
	for folder in "$root"/lib/*/; do
		folder=$(basename "$folder")
		[[ $known == *" $folder "* ]] || echo "lib/$folder: nothing says whom it may include"
	done
}

# breaks_purity ROOT BUILD: what a library without I/O neither includes nor calls.
breaks_purity() {
	local folder
	for folder in $pure; do
		grep -rHnE "^#include <($system)" "$1/lib/$folder" --include=*.[ch]
		wanted "$(archive "$2" "$folder")" | grep -xE "$calls" | sed "s/^/$folder calls /"
	done
}

# breaks_order ROOT BUILD: circles of folders, by their includes and by who calls whom.
breaks_order() {
	local root=$1 build=$2 from to defs
	defs=$(mktemp -d)
	for from in "$root"/lib/*/; do
		from=$(basename "$from")
		defined "$(archive "$build" "$from")" >"$defs/$from"
	done
	for from in "$root"/lib/*/; do
		from=$(basename "$from")
		for to in "$root"/lib/*/; do
			to=$(basename "$to")
			[ "$from" = "$to" ] && continue
			if grep -rqE "^#include \"$to/" "$root/lib/$from" --include=*.[ch] ||
				wanted "$(archive "$build" "$from")" | comm -12 - "$defs/$to" | grep -q .; then
				echo "$from $to"
			fi
		done
	done | tsort 2>&1 >/dev/null | sed 's/^tsort: //'
	rm -rf "$defs"
}

# breaks_calls ROOT BUILD: a worker calls nothing of the control thread's; of the tables what takes
# the data path as const, and so only reads; of the machine only memory, when it is made.
breaks_calls() {
	local root=$1 build=$2 needs name
	needs=$(mktemp)
	# shellcheck disable=SC2046
	wanted $(objects "$build" worker) >"$needs"
	# shellcheck disable=SC2046
	defined $(objects "$build" control) | comm -12 - "$needs" | sed 's/^/worker calls control: /'
	# shellcheck disable=SC2046
	defined $(objects "$build" host) | comm -12 - "$needs" | grep -vxE 'dp_table_(new|free)' |
		sed 's/^/worker calls host: /'
	# shellcheck disable=SC2046
	for name in $(defined $(objects "$build" table) | comm -12 - "$needs"); do
		grep -qE "\b$name\(const struct dp \*" "$root"/lib/datapath/table/*.h ||
			echo "worker calls what may write a table: $name"
	done
	rm -f "$needs"
}

# breaks_tables ROOT: a worker writes no table: it has no pointer that could, and stores nothing into
# what it reaches by the data path but that it is busy, that the control thread is woken and, when it
# is made, itself.
breaks_tables() {
	local files tables='ingress|egress|cold|(group|filter)_table|service_record|realm|nexthops?'
	files=$(find "$1/lib/datapath/worker" -name '*.[ch]')
	[ -n "$files" ] || echo "no worker to look at"
	# shellcheck disable=SC2086
	{
		grep -HnE "struct dp_($tables) \*" $files | grep -vE "const struct dp_($tables) \*"
		grep -HnE "\((struct dp_($tables)|uint(16|32|64)_t|dp_nexthop) \*\)" $files |
			grep -E 'dp->'
		grep -HnE 'dp->[a-z_]+(\[[^]]*\]+)?((\.|->)[a-z_]+(\[[^]]*\])?)* *([-+|&^]?=|\+\+|--)([^=]|$)' $files |
			grep -vE 'dp->(busy|workers\[[a-z]+\]) = '
		grep -HnE '(\+\+|--) *(w->)?dp->' $files
		# over the ends of lines
		sed -z 's/(\n[ \t]*/(/g' $files | tr '\0' '\n' |
			grep -E '__atomic_(store|exchange|fetch|compare|add|sub|or|and)[a-z_]*\( *&?(w->)?dp->' |
			grep -vF '&w->dp->armed'
		grep -HnE '(memcpy|memset|memmove)\( *&?(w->)?dp->' $files
	}
}
