#!/bin/sh
# Run the client tests under pytest and append their counts.
#
#   tests/run-clients.sh PYTHON BUILD
set -u
python=$1 build=$2
fail() {
	echo "client tests: $*" >&2
	echo 'failed 1' >>"$build/check-counts"
	exit 1
}
[ -x "$python" ] || fail "there is no $python: run scripts/setup"
rm -f "$build/clients.xml"
"$python" -m pytest tests/clients --junitxml="$build/clients.xml"
status=$?
[ -f "$build/clients.xml" ] || fail "pytest ended with status $status and left no report"
"$python" tests/count_junit.py "$build/clients.xml" >>"$build/check-counts" || fail 'its report cannot be read'
exit $status
