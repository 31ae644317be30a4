# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# tap.sh - what a test says, in the Test Anything Protocol. Needs world.sh.

TAP_NUMBER=0 TAP_FAILED=0 TAP_LOGS=()
TAP_NOISE='LCP Echo|start_pppd:|xl2tpd\[[0-9]+\]: "' # log lines that say nothing

# tap_plan N: how many tests there are; first or last.
tap_plan() {
	echo "1..$1"
}

# tap_skip_all REASON: none of them can run here. Ends the script.
tap_skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

# tap_requires WHAT...: those of guest, lns and world without which none can run here.
tap_requires() {
	local what reason
	for what in "$@"; do
		reason=$("${what}_missing")
		[ -z "$reason" ] || tap_skip_all "$reason"
	done
}

# tap_logs FILE...: whose last lines to show when a test fails.
tap_logs() {
	TAP_LOGS+=("$@")
}

# TAP_TELL: a function that prints what else would explain the first failure.
# tap_check TEXT COMMAND...: one test: the command succeeds. Failing, it shows what it printed,
# and the first failure the logs too.
tap_check() {
	local text=$1 output=$RUN.said rc=0
	shift
	TAP_NUMBER=$((TAP_NUMBER + 1))
	"$@" >"$output" 2>&1 || rc=$?
	if [ $rc = 0 ]; then
		echo "ok $TAP_NUMBER - $text"
	else
		echo "not ok $TAP_NUMBER - $text"
		echo "# exit code $rc, ${SECONDS} s after the start"
		tap_tail "$output"
		[ "$TAP_FAILED" -gt 0 ] || {
			tap_tail "${TAP_LOGS[@]}"
			"${TAP_TELL:-:}" 2>&1 | sed 's/^/# /'
		}
		TAP_FAILED=$((TAP_FAILED + 1))
	fi
	return $rc
}

# tap_need TEXT COMMAND...: the same, but the tests after it have no sense without it.
tap_need() {
	tap_check "$@" && return
	echo "Bail out! without this nothing else can work: $1"
	exit 1
}

# tap_lines COMMAND...: a test for each line "ok TEXT" or "not ok TEXT" that the command prints,
# and one for its exit code.
tap_lines() {
	local line rc=0 shown=$TAP_FAILED
	while read -r line; do
		case $line in
		ok\ *)
			TAP_NUMBER=$((TAP_NUMBER + 1))
			echo "ok $TAP_NUMBER - ${line#ok }"
			;;
		not\ ok\ *)
			TAP_NUMBER=$((TAP_NUMBER + 1)) TAP_FAILED=$((TAP_FAILED + 1))
			echo "not ok $TAP_NUMBER - ${line#not ok }"
			;;
		"exit code "*) rc=${line##* } ;;
		*) echo "# ${line#\# }" ;;
		esac
	done < <("$@" 2>&1 || echo "exit code $?")
	[ "$TAP_FAILED" = "$shown" ] || tap_tail "${TAP_LOGS[@]}"
	tap_check "${1##*/} has run to its end" [ "$rc" = 0 ]
}

# tap_skip TEXT REASON: one test that is left out.
tap_skip() {
	TAP_NUMBER=$((TAP_NUMBER + 1))
	echo "ok $TAP_NUMBER - $1 # SKIP $2"
}

# tap_note WORDS: a line for a person.
tap_note() {
	echo "# $*"
}

# tap_tail FILE...: the last lines, as comments.
tap_tail() {
	local file
	for file in "$@"; do
		[ -s "$file" ] || continue
		echo "# --- $file"
		grep -vE "$TAP_NOISE" "$file" | tail -n 10 | tr -cd '\t\n -~' | cut -c 1-300 | sed 's/^/# /'
	done
}

# tap_end: ends the script, with exit code 1 if a test failed.
tap_end() {
	exit $((TAP_FAILED > 0))
}
