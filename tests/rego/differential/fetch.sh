#!/bin/sh
# Fetch the engines that ours is compared with into a folder of their own, those that can be had: Open Policy Agent itself and
# regorus, compiled into Python packages, and rego-cpp.
#
#   fetch.sh PYTHON FOLDER
set -u
python=$1 folder=$2

# What OPA's package needs of Python is ctypes; that it says it needs a later version than most have is ignored.
fetch() {
	[ -d "$folder/$1" ] || "$python" -m pip install -q --disable-pip-version-check --no-deps --only-binary=:all: \
		--ignore-requires-python --target "$folder" "$2" >"$folder.log" 2>&1 ||
		echo "$2 cannot be had: $(grep -m 1 ERROR "$folder.log")"
}

mkdir -p "$folder"
fetch opa_bindings opa-golib-python-bindings==0.4.4
fetch regopy regopy==1.5.2
fetch opa_eval opa-eval==0.1.1
