#!/bin/sh
# Say what a file of counts comes to; fail when something failed or nothing ran.
set -u
passed=0 failed=0 skipped=0
[ -f "$1" ] && while read -r what n; do
	case $what in
	passed) passed=$((passed + n)) ;;
	failed) failed=$((failed + n)) ;;
	skipped) skipped=$((skipped + n)) ;;
	esac
done <"$1"
echo "check: $passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ] && [ $passed != 0 ]
