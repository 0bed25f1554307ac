#!/bin/sh
# Run unit test programs, every one of them, and append their counts.
#
#   tests/run-unit.sh COUNTS PROGRAM...
#
# RUN is put in front of each program (valgrind and its options, say).
set -u
counts=$1
shift
mkdir -p "$(dirname "$counts")"
log=$counts.log
passed=0 failed=0 skipped=0 bad=''
for program; do
	name=${program##*/}
	# shellcheck disable=SC2086
	${RUN-} "$program" >"$log" 2>&1
	status=$?
	line=$(grep -a '^[0-9]*%: Checks: ' "$log" | tail -n 1)
	# "97%: Checks: 35, Failures: 1, Errors: 0"
	n=$(echo "$line" | sed -n 's/.*Checks: \([0-9]*\), Failures: \([0-9]*\), Errors: \([0-9]*\).*/\1 \2 \3/p')
	if [ -n "$n" ]; then
		# shellcheck disable=SC2086
		set -- $n "$@"
		wrong=$(($2 + $3)) right=$(($1 - $2 - $3))
		shift 3
	else
		wrong=1 right=0 line="ended with status $status before it was done"
	fi
	# A sanitizer or valgrind may object when every check is well.
	if [ $status != 0 ] && [ $wrong = 0 ]; then
		wrong=1 line="$line, but its exit status is $status"
	fi
	printf '  %-18s %s\n' "$name" "$line"
	# Checks that could not be made here, each "skipped: why", count once: not as passed.
	reasons=$(grep -a '^skipped: ' "$log" | sort -u)
	if [ -n "$reasons" ]; then
		printf '%s\n' "$reasons" | sed 's/^/    /'
		n=$(grep -ac '^skipped: ' "$log")
		[ "$n" -le "$right" ] || n=$right
		right=$((right - n)) skipped=$((skipped + n))
	fi
	if [ $wrong != 0 ]; then
		bad="$bad $name"
		cat "$log"
	fi
	passed=$((passed + right)) failed=$((failed + wrong))
done
rm -f "$log"
printf 'passed %d\nfailed %d\nskipped %d\n' $passed $failed $skipped >>"$counts"
echo "unit tests: $passed passed, $failed failed$([ $skipped = 0 ] || echo ", $skipped skipped")"
[ -z "$bad" ] || {
	echo "unit tests: failed:$bad" >&2
	exit 1
}
