# What loading through the library costs (docs/bench.md, tests/bench/bench.py).
#
# make bench       everything, on a file of SIZE; writes docs/bench.md, docs/bench.svg, $(BUILD)/bench.json;
#                  then what a policy costs, beside other engines (bench-policy)
#
# SIZE=256M RUNS=3  quick, for trying: writes nothing below docs/ (a size other than 2G never does)
# BENCH_FOLDER=DIR  where the models lie, about eleven times SIZE; BENCH_FLAGS='--work W2 --peer plain,lazy': one cell

SIZE ?= 2G
RUNS ?= 5
BENCH_FOLDER ?= $(BUILD)/bench
BENCH_FLAGS ?=

BENCH_OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/bench/roofline.c))

$(BUILD)/roofline: $(BENCH_OBJECTS) $(LIBRARY_OBJECTS)
	$(call say,LD) $(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ $(TEST_LIBS)

# Where libfuse3's headers are there (scripts/setup --dev).
FUSE_LIBS := $(shell $(PKG_CONFIG) --libs fuse3 2>/dev/null)
SLOWFS := $(if $(FUSE_LIBS),$(BUILD)/slowfs)

$(BUILD)/slowfs: tests/bench/slowfs.c Makefile
	@mkdir -p $(@D)
	$(call say,CC) $(CC) $(CFLAGS_ALL) $(FORTIFY) $(shell $(PKG_CONFIG) --cflags fuse3) -o $@ $< $(LDFLAGS) $(FUSE_LIBS)

bench-programs: $(BUILD)/roofline $(SLOWFS)

check-clients: $(SLOWFS)

bench: all bench-programs
	@$(PYTHON) tests/bench/bench.py --build $(BUILD) --folder $(BENCH_FOLDER) --size $(SIZE) --runs $(RUNS) $(BENCH_FLAGS)
	$(if $(BENCH_FLAGS),,@$(MAKE) --no-print-directory bench-policy)

.PHONY: bench bench-programs

-include $(BENCH_OBJECTS:.o=.d)
