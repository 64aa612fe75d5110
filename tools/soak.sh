#!/bin/sh
# soak.sh BINARY RUNS: runs all scenarios of hotstandby, carrier and flows as processes, six at once, RUNS times in a row, then RUNS times, three at
# once, pinned to one core with four busy loops on the same core. Every run must hold, and leave no process behind.
set -eu

binary=$1
runs=$2
scenarios='scenarios/hotstandby scenarios/carrier scenarios/flows'
log=$(mktemp)
loops=

# What a run starts inherits this mark, and is found by it.
HOTPAIR_SOAK=$$
export HOTPAIR_SOAK

# The soak ends what it started, and nothing else.
finish() {
	for p in $loops; do kill "$p" 2>/dev/null || true; done
	rm -f "$log"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# left prints the processes that bear the mark and run the binary.
left() {
	[ -d /proc/self ] || return 0
	for p in /proc/[0-9]*; do
		if [ "$(readlink "$p/exe" 2>/dev/null)" = "$(realpath "$binary")" ] &&
			tr '\0' '\n' <"$p/environ" 2>/dev/null | grep -qx "HOTPAIR_SOAK=$HOTPAIR_SOAK"; then
			echo "${p#/proc/}"
		fi
	done
}

round() { # NAME JOBS COMMAND...
	name=$1
	jobs=$2
	shift 2
	i=1
	while [ "$i" -le "$runs" ]; do
		began=$(date +%s)
		if ! "$@" run --world processes --jobs "$jobs" $scenarios >"$log" 2>&1; then
			echo "soak: $name, run $i of $runs:"
			grep -v '^held' "$log"
			exit 1
		fi
		behind=$(left)
		if [ -n "$behind" ]; then
			echo "soak: $name, run $i of $runs left processes behind: $(echo $behind)"
			exit 1
		fi
		echo "soak: $name, run $i of $runs: $(tail -1 "$log"), $(($(date +%s) - began)) s"
		i=$((i + 1))
	done
}

round 'all cores' 6 "$binary"
if command -v taskset >/dev/null; then
	for _ in 1 2 3 4; do
		taskset -c 0 sh -c 'while :; do :; done' &
		loops="$loops $!"
	done
	round 'one core, four busy loops' 3 taskset -c 0 "$binary"
else
	echo 'soak: taskset is missing (it is part of util-linux): the runs on one busy core were NOT made'
	exit 1
fi
