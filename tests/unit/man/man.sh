#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The manual pages: scdoc takes them, man has nothing to complain of, and what they say is what the
# programs' own help says. usage: man.sh SOURCE CULVERTD CULVERTCTL CULVERT-CLIENT CULVERT-LOAD (speaks TAP)
set -u
shopt -s lastpipe
source=$1
declare -A program=([culvertd.8]=$2 [culvertctl.1]=$3 [culvert-client.1]=$4 [culvert-load.1]=$5)
declare -A page=([culvertd.8]=$source/app/culvertd/culvertd.8.scd
	[culvertctl.1]=$source/app/culvertctl/culvertctl.1.scd
	[culvert-client.1]=$source/app/culvert-client/culvert-client.1.scd
	[culvert-load.1]=$source/app/culvert-load/culvert-load.1.scd
	[culvert.yaml.5]=$source/config/culvert.yaml.5.scd
	[culvert-client.yaml.5]=$source/config/culvert-client.yaml.5.scd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
n=0

# check NAME: ok if the standard input is empty, else its lines are what is wrong.
check() {
	local lines
	lines=$(cat)
	n=$((n + 1))
	[ -z "$lines" ] || echo -n 'not '
	echo "ok $n - $1"
	[ -z "$lines" ] || sed 's/^/# /' <<<"$lines"
}

# Options, as -c and --config, that stand in bold, or in the help.
options() {
	grep -oE '(^|[^[:alnum:]-])--?[[:alpha:]][[:alnum:]-]*' | grep -oE -- '--?[[:alnum:]-]+$' | sort -u
}

# Exit codes: a digit that begins a line, bold or not.
codes() {
	sed -n '/EXIT STATUS/,$p' | grep -oE '^ *\*?[0-9]+\*?( |$)' | tr -dc '0-9\n' | sort -u
}

for name in culvertd.8 culvertctl.1 culvert-client.1 culvert-load.1; do
	"${program[$name]}" --help >"$work/help"
	comm -23 <(options <"${page[$name]}") <(options <"$work/help") |
		sed "s/\$/ is in $name.scd alone/" | check "$name: the options are those of --help"
	comm -23 <(codes <"${page[$name]}") <(codes <"$work/help") |
		check "$name: the exit codes are those of --help"
done

for name in culvertctl.1 culvert-client.1; do
	"${program[$name]}" --help >"$work/help"
	sed -n '/^# COMMANDS/,/^# OPTIONS/p' "${page[$name]}" | grep '^\*' | grep -oE '[a-z-]+' |
		while read -r command; do
			grep -qE "^    $command( |\$)" "$work/help" || echo "$command is no command"
		done | check "$name: every command is one"
	grep -oE '^    [a-z-]+' <(sed -n '/^COMMANDS/,/^$/p' "$work/help") | tr -d ' ' | sort -u |
		while read -r command; do
			sed -n '/^# COMMANDS/,/^# OPTIONS/p' "${page[$name]}" | grep -qF "*$command*" ||
				echo "$command is missing"
		done | check "$name: every command is there"
done

"$2" --config-reference | diff - "$source/config/reference.md" |
	check "culvertd --config-reference prints config/reference.md"
"$2" --config-reference=scdoc | diff - "${page[culvert.yaml.5]}" |
	check "and =scdoc the source of culvert.yaml.5"
"$4" page | diff - "${page[culvert-client.yaml.5]}" |
	check "culvert-client page prints the source of culvert-client.yaml.5"
"$2" --config-reference=html >"$work/html" 2>"$work/wrong"
{
	[ $? = 2 ] || echo "exit code is not 2"
	[ ! -s "$work/html" ] && grep -q "not 'html'" "$work/wrong" || cat "$work/html" "$work/wrong"
} | check "another form is wrong usage"

for name in "${!page[@]}"; do
	if ! command -v scdoc >/dev/null; then
		n=$((n + 1))
		echo "ok $n - $name # SKIP scdoc is missing"
	elif ! command -v man >/dev/null; then
		scdoc <"${page[$name]}" 2>&1 >"$work/$name" | check "$name: scdoc takes it"
	else
		{
			scdoc <"${page[$name]}" >"$work/$name"
			MANWIDTH=100 man --warnings=w -l "$work/$name" >/dev/null
		} 2>&1 | check "$name: scdoc and man take it"
	fi
done
echo "1..$n"
