#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What dpdk-setup.sh test does of another Debian release, with a made-up mmdebstrap: where there can be
# no root it is skipped in words and counted; what runs in one can't write the tree; and however it
# ends, nothing of it stays. usage: other.sh SOURCE (speaks TAP)
set -u
[ "$(id -u)" = 0 ] || {
	echo "1..0 # SKIP not root"
	exit 0
}
command -v pgrep >/dev/null || {
	echo "1..0 # SKIP pgrep is missing (./dpdk-setup.sh install gets it)"
	exit 0
}
DOOR=$1/dpdk-setup.sh ROOT=$1/tests/debian/root.sh
WORK=$(mktemp -d)
trap 'rm -rf --one-file-system "$WORK"' EXIT
NUMBER=0
export XDG_CACHE_HOME=$WORK/cache
ROOTS=$XDG_CACHE_HOME/culvert

# check TEXT COMMAND...: ok if the command succeeds.
check() {
	local text=$1
	shift
	NUMBER=$((NUMBER + 1))
	if "$@" >"$WORK/last" 2>&1; then
		echo "ok $NUMBER - $text"
	else
		echo "not ok $NUMBER - $text"
		tail -20 "$WORK/last" | sed 's/^/# /'
	fi
}

# tool NAME < SCRIPT: comes before the machine's own.
tool() {
	{
		echo '#!/bin/bash'
		cat
	} >"$WORK/bin/$1"
	chmod +x "$WORK/bin/$1"
}

# A machine that has what is needed, and whose mmdebstrap makes a root of a shell and little more.
machine() {
	rm -rf --one-file-system "$WORK/bin" "$WORK/cache" "$WORK/tree" "$WORK/build"
	mkdir -p "$WORK/bin" "$WORK/tree/build" "$WORK/build"
	echo source >"$WORK/tree/file"
	tool dpkg-query <<<'echo installed'
	tool apt-get <<'SH'
. /etc/os-release
for name in $VERSION_CODENAME-updates $VERSION_CODENAME other; do
	echo "'http://$name.example/debian/dists/$name/InRelease' name 0"
done
SH
	tool mmdebstrap <<'SH'
echo "$*" >>"$WORK/asked"
for word; do
	[[ $word != *.part ]] || root=$word
done
mkdir -p "$root"/{bin,etc,proc,sys,run,tmp,dev,culvert}
for file in bash env umount cat sleep touch ls; do
	file=$(command -v $file)
	cp "$file" "$root/bin/"
	ldd "$file" | grep -oE '/[^ ]+' | while read -r library; do
		mkdir -p "$root$(dirname "$library")"
		cp -n "$library" "$root$library"
	done
done
SH
	: >"$WORK/asked"
}

# skipped REASON: the command line says so, and counts it.
skipped() {
	rm -rf --one-file-system "$WORK/copy"
	mkdir -p "$WORK/copy/tests"
	cp -r "$1/tests/debian" "$1/tests/tools" "$WORK/copy/tests/"
	cp "$1/dpdk-setup.sh" "$WORK/copy/"
	WORK=$WORK PATH=${TOOLS:-$WORK/bin:$PATH} "$WORK/copy/dpdk-setup.sh" test --other >"$WORK/out" 2>&1
	cat "$WORK/out"
	grep -qE "^skipped: Debian 1[23]: .*SKIP .*$2" "$WORK/out" &&
		[ "$(tail -1 "$WORK/out")" = "0 passed, 0 failed, 1 skipped" ] && [ ! -e "$ROOTS"/*.part ]
}

# A PATH on which all is but some tools.
without() {
	local folder file
	rm -rf "$WORK/most"
	mkdir "$WORK/most"
	for folder in ${PATH//:/ }; do
		for file in "$folder"/*; do
			[[ " $* " == *" ${file##*/} "* ]] || ln -sf "$file" "$WORK/most/"
		done
	done
	for file in "$WORK/bin"/*; do
		[[ " $* " == *" ${file##*/} "* ]] || ln -sf "$file" "$WORK/most/"
	done
	echo "$WORK/most"
}

make() {
	WORK=$WORK PATH=$WORK/bin:$PATH "$ROOT" make trixie "$ROOTS" "$@"
}

run() {
	PATH=$WORK/bin:$PATH "$ROOT" run trixie "$ROOTS" "$WORK/tree" "$WORK/build" "$1"
}

made_once() {
	make gcc meson && make meson gcc && [ "$(wc -l <"$WORK/asked")" = 1 ] &&
		grep -F -- "--include=gcc,meson " "$WORK/asked" &&
		grep -F " trixie $ROOTS/trixie.part http://$(. /etc/os-release && echo "$VERSION_CODENAME").example/debian" "$WORK/asked" &&
		[ "$(ls "$ROOTS")" = $'trixie\ntrixie.lock\ntrixie.packages' ]
}

made_anew() {
	make gcc meson python3 && [ "$(wc -l <"$WORK/asked")" = 2 ]
}

reads_alone() {
	[ "$(run 'cat /culvert/file')" = source ] && ! run 'touch /culvert/file' &&
		! run 'touch /culvert/new' && ! run 'touch /etc/new' && run 'touch /culvert/build/new' &&
		[ -e "$WORK/build/new" ] && ! run "ls $WORK" && ! run 'ls /culvert/nothing'
}

exit_code() {
	local rc=0
	run 'exit 7' || rc=$?
	[ $rc = 7 ]
}

# gone: no process that has the mark in its command line, and no mount of this folder.
gone() {
	local try
	for try in $(seq 100); do
		pgrep -f "$1" >/dev/null || break
		sleep 0.05
	done
	! pgrep -af "$1" && ! grep -F "$WORK" /proc/mounts && [ ! -e "$ROOTS"/*.part ]
}

# ended SIGNAL MARK WORDS...: root.sh is sent the signal once the sleep that it runs is there.
ended() {
	local signal=$1 mark=$2 try pid
	shift 2
	PATH=$WORK/bin:$PATH env --default-signal=INT "$ROOT" "$@" >"$WORK/ended" 2>&1 &
	pid=$!
	for try in $(seq 600); do
		! pgrep -f "^sleep $mark" >/dev/null || break
		sleep 0.05
	done
	pgrep -f "^sleep $mark" || {
		cat "$WORK/ended"
		return 1
	}
	kill -"$signal" $pid
	wait $pid
	gone "sleep $mark"
}

machine
check "no mmdebstrap: skipped, and why" env TOOLS="$(without mmdebstrap)" bash -c \
	"$(declare -f skipped); WORK=$WORK ROOTS=$ROOTS; skipped '$1' 'mmdebstrap is missing'"
tool mmdebstrap <<<'echo "E: mirror.example does not have a Release file" >&2; exit 1'
check "a mirror without the release: skipped, and why" \
	skipped "$1" 'no Debian [a-z]+ from here: E: mirror.example does not have a Release file'
tool apt-get <<<':'
check "no mirror of this machine's: skipped, and why" skipped "$1" "apt has no source"
machine
tool df <<<'printf "Avail\n100\n"'
check "a full disk: skipped, and why" skipped "$1" "MiB are free in $ROOTS"

machine
check "a root is made once, from the machine's own mirror" made_once
check "and anew when other packages are asked for" made_anew
check "what runs in it reads the tree, writes the build, and sees nothing else" reads_alone
check "its exit code is handed on" exit_code
check "and nothing of it stays" gone "$WORK"
check "no root: skipped" bash -c "'$ROOT' run bookworm '$ROOTS' '$WORK/tree' '$WORK/build' :; [ \$? = 77 ]"
for signal in INT TERM KILL; do
	check "SIG$signal in the middle of a run: nothing stays" \
		ended $signal 91.$$ run trixie "$ROOTS" "$WORK/tree" "$WORK/build" "sleep 91.$$"
done
machine
tool mmdebstrap <<<'mkdir "$ROOTS/trixie.part"; mount -t tmpfs tmpfs "$ROOTS/trixie.part"; exec sleep 92.$MARK'
export ROOTS MARK=$$
for signal in TERM INT; do
	check "SIG$signal while a root is made: nothing stays" ended $signal 92.$$ make trixie "$ROOTS" gcc
done
echo "1..$NUMBER"
