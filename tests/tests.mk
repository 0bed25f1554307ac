# The tests' part of the Makefile.
#
# make check           everything; check-unit and check-clients are its halves
# make check-rego      the cases of the policy engine; CASES=FOLDER for those of a folder
# make check-asan      the unit tests and the policy engine's cases under a sanitizer; also check-ubsan;
#                      check-tsan (the unit tests)
# make check-valgrind  some of the unit tests under valgrind
# make rego-differential  policies invented at random, with other engines (fetched by pip; not in check)
# make interop         models and mutants invented at random, with the format's other implementation;
#                      SEED=N COUNT=N (in each direction) MUTANTS=N CASE=KIND:NUMBER
# make bench           how fast models load, and what the library costs other programs: tests/bench.mk
# make clients-upstream  the suites of stock safetensors under the library (fetched by pip; not in check)
# make fuzz            every fuzz target for FUZZ_SECONDS (clang)
#
# $(BUILD)/check-counts holds lines "passed N", "failed N", "skipped N".

PYTHON = .venv/bin/python
FUZZ_SECONDS ?= 60
FUZZ_CC ?= clang

UNIT_SUPPORT := $(addprefix $(BUILD)/obj/tests/unit/,support.o forge.o view_support.o)
UNIT_OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/unit/test_*.c))
UNIT_PROGRAMS := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c))
# Test programs hide nothing: a sanitizer's runtime in them must reach the shared libraries.
TEST_LIBS = $(filter-out -Wl$(comma)--exclude-libs$(comma)ALL,$(LIBS))
CHECK_CFLAGS := $(shell $(PKG_CONFIG) --cflags check 2>/dev/null)
CHECK_LIBS := $(or $(shell $(PKG_CONFIG) --libs check 2>/dev/null),-lcheck)

$(UNIT_SUPPORT) $(UNIT_OBJECTS): OBJECT_FLAGS = -Itests/unit $(CHECK_CFLAGS)

$(BUILD)/tests/%: $(BUILD)/obj/tests/unit/%.o $(UNIT_SUPPORT) $(LIBRARY_OBJECTS)
	@mkdir -p $(@D)
	$(call say,LD) $(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ $(TEST_LIBS) $(CHECK_LIBS)

check-unit: $(UNIT_PROGRAMS)
	@sh tests/run-unit.sh $(BUILD)/check-counts $(UNIT_PROGRAMS)

# The cases of the policy engine: those in the tree, and those of a folder beside it or wherever CASES says.
CASES ?= ../shared/rego-cases
REGO_CASES_OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/rego/*.c))

$(REGO_CASES_OBJECTS): OBJECT_FLAGS = -Iformat/rego

$(BUILD)/run-cases: $(REGO_CASES_OBJECTS) $(LIBRARY_OBJECTS)
	$(call say,LD) $(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ $(TEST_LIBS)

check-rego: $(BUILD)/run-cases
	@sh tests/rego/run.sh $(BUILD)/run-cases $(BUILD)/check-counts '$(CASES)'

# The engine and others of its language, with modules invented at random: SEED=N COUNT=N PEER=opa|rego-cpp
# CASE=N. Ends with status 77 where no other engine can be had.
$(BUILD)/rego-answers: $(BUILD)/obj/tests/rego/differential/answers.o $(LIBRARY_OBJECTS)
	$(call say,LD) $(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ $(TEST_LIBS)

rego-differential: $(BUILD)/rego-answers
	@sh tests/rego/differential/fetch.sh $(PYTHON) $(BUILD)/rego-peers
	@BUILD=$(BUILD) $(PYTHON) tests/rego/differential/run.py $(if $(SEED),--seed $(SEED)) $(if $(COUNT),--count $(COUNT)) \
		$(if $(PEER),--peer $(PEER)) $(if $(CASE),--case $(CASE))

check-clients: all
	@sh tests/run-clients.sh $(PYTHON) $(BUILD)

# What a policy costs, as JSON, and beside other engines (fetched by pip).
$(BUILD)/bench-policy: $(BUILD)/obj/tests/bench/policy.o $(LIBRARY_OBJECTS)
	$(call say,LD) $(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ $(TEST_LIBS)

bench-policy: $(BUILD)/bench-policy
	@$(BUILD)/bench-policy
	@sh tests/rego/differential/fetch.sh $(PYTHON) $(BUILD)/rego-peers
	@$(PYTHON) tests/bench/policy_peers.py $(BUILD)/bench-policy $(BUILD)/rego-peers

interop: all
	@BUILD=$(BUILD) $(PYTHON) tests/interop/run.py $(if $(SEED),--seed $(SEED)) $(if $(COUNT),--count $(COUNT)) \
		$(if $(MUTANTS),--mutants $(MUTANTS)) $(if $(CASE),--case $(CASE))

# Ends with status 77 where the suites cannot be fetched.
clients-upstream: all
	@BUILD=$(BUILD) $(PYTHON) tests/upstream/run.py

sanitized = $(MAKE) --no-print-directory check-unit $(3) BUILD=$(BUILD)/$(1) OPTIMIZE='-O1 -g' \
	SANITIZE='$(2) -fno-omit-frame-pointer'

check-asan:
	+@$(call sanitized,asan,-fsanitize=address,check-rego)

check-ubsan:
	+@$(call sanitized,ubsan,-fsanitize=undefined -fno-sanitize-recover=all,check-rego)

check-tsan:
	+@$(call sanitized,tsan,-fsanitize=thread)

# Those that parse what others wrote, and those with threads that valgrind runs in reasonable time.
VALGRIND_PROGRAMS = $(addprefix $(BUILD)/tests/test_,base64 json header canonical manifest jwk \
	keyset cipher nonce policy detect cache parallel golden)

VALGRIND = valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite

check-valgrind: $(VALGRIND_PROGRAMS)
	@CK_FORK=no RUN='$(VALGRIND)' \
		sh tests/run-unit.sh $(BUILD)/valgrind-counts $(VALGRIND_PROGRAMS)

# Fuzz targets have objects of their own, made by clang with its coverage instrumentation.
FUZZ_TARGETS := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/fuzz/*.c))
FUZZ_PROGRAMS := $(addprefix $(BUILD)/fuzz_,$(FUZZ_TARGETS))

$(FUZZ_OBJECTS): OBJECT_FLAGS = -Itests/unit $(CHECK_CFLAGS)

$(FUZZ_PROGRAMS): $(BUILD)/fuzz_%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(LIBRARY_OBJECTS)
	$(call say,LD) $(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -fsanitize=fuzzer -o $@ $^ $(TEST_LIBS)

$(BUILD)/make_seeds: $(BUILD)/obj/tests/fuzz/make_seeds.o $(UNIT_SUPPORT) $(LIBRARY_OBJECTS)
	$(call say,LD) $(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ $(TEST_LIBS) $(CHECK_LIBS)

fuzz-programs: $(FUZZ_PROGRAMS) $(BUILD)/make_seeds

fuzz:
	@$(MAKE) --no-print-directory fuzz-programs BUILD=$(BUILD)/fuzz CC=$(FUZZ_CC) OPTIMIZE='-O1 -g' \
		SANITIZE='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all'
	@sh tests/run-fuzz.sh $(BUILD)/fuzz $(FUZZ_SECONDS) $(FUZZ_TARGETS)

include tests/bench.mk
include tests/stress.mk
include tests/distros.mk

.PHONY: check check-rego check-unit check-clients check-asan check-ubsan check-tsan check-valgrind fuzz \
	fuzz-programs bench-policy rego-differential interop clients-upstream

-include $(REGO_CASES_OBJECTS:.o=.d) $(UNIT_OBJECTS:.o=.d) $(UNIT_SUPPORT:.o=.d) $(FUZZ_OBJECTS:.o=.d)
