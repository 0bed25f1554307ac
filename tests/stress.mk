# The stress program (tests/clients/programs/stress.c): everything at once, every byte compared.
#
# make stress        for STRESS_SECONDS in every serving mode, under the library
# make stress-tsan   the same, library and program built with ThreadSanitizer
# make policy-tsan   threads that open models under policies, built likewise
#
# STRESS_MODE=lazy      that mode only
# STRESS_SEED=N repeats what the threads did.

STRESS_SECONDS ?= 120
STRESS_SEED ?=
STRESS_MODE ?=
STRESS = BUILD=$(BUILD) $(PYTHON) tests/stress.py --seconds $(STRESS_SECONDS) $(addprefix --seed ,$(STRESS_SEED)) \
	$(addprefix --mode ,$(STRESS_MODE))

STRESS_OBJECT := $(BUILD)/obj/tests/clients/programs/stress.o

$(BUILD)/stress: $(STRESS_OBJECT)
	$(call say,LD) $(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^

stress: all $(BUILD)/stress
	@$(STRESS) --program $(BUILD)/stress

# The sanitizer's runtime comes first, and takes the library's hooks for libc's functions.
stress-tsan: all
	+@$(MAKE) --no-print-directory $(BUILD)/tsan/libctshim.so $(BUILD)/tsan/stress BUILD=$(BUILD)/tsan \
		OPTIMIZE='-O1 -g' SANITIZE='-fsanitize=thread -fno-omit-frame-pointer'
	@$(STRESS) --program $(BUILD)/tsan/stress --library $(BUILD)/tsan/libctshim.so \
		--runtime "$$($(CC) -print-file-name=libtsan.so)"

POLICY_THREADS_OBJECT := $(BUILD)/obj/tests/clients/programs/policy_threads.o

$(BUILD)/policy_threads: $(POLICY_THREADS_OBJECT)
	$(call say,LD) $(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^

policy-tsan: all
	+@$(MAKE) --no-print-directory $(BUILD)/tsan/libctshim.so $(BUILD)/tsan/policy_threads BUILD=$(BUILD)/tsan \
		OPTIMIZE='-O1 -g' SANITIZE='-fsanitize=thread -fno-omit-frame-pointer'
	@BUILD=$(BUILD) $(PYTHON) tests/policy_tsan.py --program $(BUILD)/tsan/policy_threads \
		--library $(BUILD)/tsan/libctshim.so --runtime "$$($(CC) -print-file-name=libtsan.so)"

.PHONY: stress stress-tsan policy-tsan

-include $(STRESS_OBJECT:.o=.d) $(POLICY_THREADS_OBJECT:.o=.d)
