# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# ours.sh - culvert-client in a guest, with its configuration in /run/client. Needs guest.sh and lns.sh.

OURS_PROGRAM=${CULVERT_CLIENT:-$(dirname "$LNS_PROGRAM")/../culvert-client/culvert-client}

# ours_missing: why it cannot run here, in words; nothing if it can.
ours_missing() {
	[ -x "$OURS_PROGRAM" ] || echo "no culvert-client (./dpdk-setup.sh build makes it)"
}

# ours_choose GUEST: a sanitized client finds no room for its shadows in a guest, and is not used there.
ours_choose() {
	OURS_PROGRAM=$(readlink -f "$OURS_PROGRAM")
	guest_run "$1" "'$OURS_PROGRAM' --version" >/dev/null && return
	OURS_PROGRAM=$(readlink -f "$GUEST_LIB/../../../build/app/culvert-client/culvert-client")
	guest_run "$1" "'$OURS_PROGRAM' --version"
}

# ours_configure GUEST PASSWORD SECRET LINE...: one connection, "office", of these lines.
ours_configure() {
	local guest=$1 password=$2 secret=$3
	shift 3
	guest_run "$guest" "modprobe -d /run/modules tun
mkdir -p /run/client
umask 077
echo $password >/run/client/password
echo $secret >/run/client/secret
cat >/run/client/client.yaml <<X
log-level: debug
connections:
  - name: office
    secret-file: /run/client/secret
    password-file: /run/client/password
$(printf '    %s\n' "$@")
X
'$OURS_PROGRAM' -c /run/client/client.yaml check"
}

# ours GUEST WORDS...: the program.
ours() {
	local guest=$1
	shift
	guest_run "$guest" "'$OURS_PROGRAM' -c /run/client/client.yaml $*"
}

# ours_run GUEST: in the foreground, with its log in RUN/guest-NAME/run.log, until IPsec is up.
ours_run() {
	guest_run "$1" "'$OURS_PROGRAM' -c /run/client/client.yaml run office >/tmp/box/run.log 2>&1 &" &&
		world_until 60 ours_said "$1" ipsec-up
}

# ours_said GUEST PATTERN [TIMES]: its log has so many lines of it.
ours_said() {
	[ "$(grep -cE "$2" "$RUN/guest-$1/run.log")" -ge "${3:-1}" ]
}

# ours_field GUEST PATH: of what status says, as ipsec.sa.spi_in.
ours_field() {
	ours "$1" status office --json | python3 -c '
import functools, json, sys
print(functools.reduce(lambda o, key: o[key], sys.argv[1].split("."), json.load(sys.stdin)))' "$2"
}
