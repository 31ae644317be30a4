#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A sanitized program that does what UBSan finds dies of it, with a stack: shown by planted findings,
# and for all others by how they were compiled. usage: planted.sh PLANTED BUILD (speaks TAP)
set -u
planted=$1 build=$2
n=0

# check TEXT COMMAND...
check() {
	local said rc=0
	n=$((n + 1))
	said=$("${@:2}" 2>&1) || rc=$?
	if [ $rc = 0 ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		printf '%s\n' "$said" | sed 's/^/# /'
	fi
}

# dies NAME SAYS PREFIX...: by its finding, before it goes on, and tells where it was.
dies() {
	local name=$1 says=$2 said rc=0
	said=$("${@:3}" "$planted" "$name" 33 2>&1) || rc=$?
	printf 'exit code %s\n%s\n' $rc "$said"
	[ $rc != 0 ] && ! grep -q 'went on' <<<"$said" &&
		grep -q "planted.c:[0-9:]* runtime error: .*$says" <<<"$said"
}

# As under meson, dpdk-setup.sh and tests/net: the caller's environment is left alone.
dies_with_stack() {
	dies "$@" && dies "$@" | grep -E "#[0-9]+ .* planted_$1 "
}

every_file_compiled_so() {
	python3 - "$build/compile_commands.json" <<'PY'
import json
import sys
commands = json.load(open(sys.argv[1], encoding="utf-8"))
lax = [c["file"] for c in commands if "-fno-sanitize-recover=undefined" not in c["command"].split()]
print(len(commands), "files;", "without:", *lax)
sys.exit(1 if lax or not commands else 0)
PY
}

# What the daemon of tests/net calls on a finding is of the kind that does not return.
daemon_dies() {
	local calls
	calls=$(nm -u "$build/app/culvertd/culvertd" | grep -oE '__ubsan_handle_[a-z0-9_]+')
	printf '%s\n' "$calls"
	[ -n "$calls" ] && ! grep -vE '_abort$|_builtin_unreachable$' <<<"$calls"
}

check "a planted shift kills the program, and its stack is printed" \
	dies_with_stack shift 'shift exponent 33'
check "a planted overflow kills the program, and its stack is printed" \
	dies_with_stack overflow 'signed integer overflow'
check "planted pointer arithmetic on nothing kills the program, and its stack is printed" \
	dies_with_stack pointer pointer
check "it dies without UBSAN_OPTIONS too" dies shift 'shift exponent 33' env -u UBSAN_OPTIONS
check "nobody's UBSAN_OPTIONS keep it alive" \
	dies shift 'shift exponent 33' env UBSAN_OPTIONS=halt_on_error=0
check "the same program without a finding ends well" "$planted" nothing 33
check "every file of this build, the daemon's too, is compiled to die of a finding" \
	every_file_compiled_so
# clang puts the sanitizer into the programs, with both kinds
if ldd "$planted" | grep -q libubsan; then
	check "culvertd has no way on after a finding" daemon_dies
fi
echo "1..$n"
