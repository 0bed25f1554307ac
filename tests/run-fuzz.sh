#!/bin/sh
# Make seeds and run each fuzz target for a time.
#
#   tests/run-fuzz.sh BUILD SECONDS TARGET...
#
# What a target finds stays in BUILD: crash-… and the like; its growing corpus is BUILD/corpus.
set -eu
build=$1 seconds=$2
shift 2
"$build/make_seeds" "$build/corpus"
bad=''
for target; do
	echo "fuzz: $target for $seconds s"
	log=$build/fuzz_$target.log
	if "$build/fuzz_$target" -max_total_time="$seconds" -max_len=65536 -timeout=20 \
		-rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="$build/$target-" \
		"$build/corpus/$target" >"$log" 2>&1
	then
		grep -aE 'stat::number_of_executed_units|^Done' "$log"
	else
		bad="$bad $target"
		tail -n 60 "$log"
	fi
done
[ -z "$bad" ] || {
	echo "fuzz: found faults in:$bad" >&2
	exit 1
}
