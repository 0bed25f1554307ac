# Other systems, and another processor. Slow, and not part of make check; each ends with status 77, saying why,
# where what it needs is not to be had.
#
# make check-distros   Debian 12, 13 and unstable in folders that debootstrap makes (as root; cached in $(BUILD)/distros)
# make check-cross     an aarch64 build, and a client under qemu (cached in $(BUILD)/cross)

check-distros: all
	@BUILD=$(BUILD) $(PYTHON) tests/distros/run.py

.PHONY: check-distros

check-cross:
	@BUILD=$(BUILD) $(PYTHON) tests/distros/cross.py

.PHONY: check-cross
