#!/bin/sh
# Run the policy engine's cases: those of this folder, then those of another one where it is there.
#
#   tests/rego/run.sh PROGRAM COUNTS FOLDER
set -u
program=$1 counts=$2 folder=$3
here=$(dirname "$0")
mkdir -p "$(dirname "$counts")"
status=0
"$program" "$here/cases" "$here/skips.txt" "$counts" || status=1
if [ -d "$folder" ]; then
	"$program" "$folder" "$here/skips.txt" "$counts" || status=1
else
	echo "rego cases: skipped: there is no folder $folder"
fi
exit $status
