# make            build/libctshim.so and build/ctshim
# make check      every test; make demo: the demonstration; make install PREFIX=/usr/local DESTDIR=
# V=1 shows commands; BUILD=dir builds elsewhere; WERROR=1 makes warnings errors.

PREFIX ?= /usr/local
DESTDIR ?=
BUILD ?= build
CC ?= cc
PKG_CONFIG ?= pkg-config
OPTIMIZE ?= -O2 -g
SANITIZE ?=

VERSION := 0.1.0
MACHINE := $(shell $(CC) -dumpmachine)
OBJCOPY := $(shell $(CC) -print-prog-name=objcopy)

comma := ,
WARNINGS := -Wall -Wextra -Wconversion -Wshadow $(if $(or $(WERROR),$(CI)),-Werror)
# cJSON goes in too where its source is there (scripts/cjson-source) or a static library; then nothing
# but libc is needed where the library runs.
CJSON_SOURCE := $(wildcard .deps/cjson/cJSON.c)
CJSON_STATIC := $(findstring /,$(shell $(CC) -print-file-name=libcjson.a))
CJSON_CFLAGS := $(if $(CJSON_SOURCE),-isystem .deps/cjson,$(shell $(PKG_CONFIG) --cflags libcjson 2>/dev/null))
CJSON_LIBS := $(if $(CJSON_SOURCE),,$(if $(CJSON_STATIC),-l:libcjson.a,\
	$(or $(shell $(PKG_CONFIG) --libs libcjson 2>/dev/null),-lcjson)))
HARDEN := -fstack-protector-strong -fstack-clash-protection
ifneq ($(findstring x86_64,$(MACHINE)),)
HARDEN += -fcf-protection=full
else ifneq ($(findstring aarch64,$(MACHINE)),)
HARDEN += -mbranch-protection=standard
endif
# Sanitizers check more, and look at the plain functions only.
FORTIFY := $(if $(SANITIZE),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
CFLAGS_ALL = -std=gnu11 -D_GNU_SOURCE -DCT_VERSION='"$(VERSION)"' $(WARNINGS) $(OPTIMIZE) $(SANITIZE) \
	-fPIC -fvisibility=hidden $(HARDEN) -ffunction-sections -fdata-sections \
	-pthread -Icrypto -Iformat $(CJSON_CFLAGS) $(CFLAGS)
LDFLAGS_ALL = $(SANITIZE) -pthread -Wl,--gc-sections -Wl,-z,relro,-z,now $(LDFLAGS)
# OpenSSL goes in whole and hidden: another copy in the process must never meet ours.
# Some builds of it (Debian 13's) want compression libraries; those go in with it.
CRYPTO_NEEDS := $(filter-out -lcrypto -ldl -lpthread,$(filter -l%,$(shell $(PKG_CONFIG) --static --libs libcrypto 2>/dev/null)))
CRYPTO_LIBS := -l:libcrypto.a $(patsubst -l%,-l:lib%.a,$(CRYPTO_NEEDS)) -Wl,--exclude-libs,ALL
LIBS = $(CRYPTO_LIBS) $(CJSON_LIBS)
# The library has a heap of its own (preload/memory.h), which sanitizers would not see into.
OWN_HEAP := $(if $(SANITIZE),,$(patsubst %,-Wl$(comma)--wrap=%,malloc calloc realloc free strdup))

ifeq ($(V),)
Q = @
say = @printf '  %-5s %s\n' '$(1)' '$(patsubst $(BUILD)/%,%,$@)';
else
say =
endif

objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard $(1)/*.c))
CJSON_OBJECT := $(CJSON_SOURCE:.deps/%.c=$(BUILD)/obj/%.o)
LIBRARY_OBJECTS := $(call objects,crypto) $(call objects,format) $(call objects,format/rego) $(CJSON_OBJECT)
# The doctor reads the environment with the library's own eyes.
CLI_OBJECTS := $(call objects,cli) $(BUILD)/obj/preload/config.o
PRELOAD_OBJECTS := $(call objects,preload)

all: $(BUILD)/libctshim.so $(BUILD)/ctshim

$(BUILD)/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,CC) $(CC) $(CFLAGS_ALL) $(FORTIFY) $(OBJECT_FLAGS) -MMD -MP -c $< -o $@

# Built as distributions build it; its warnings are not ours, nor is the place of the last error, which it keeps
# for all threads in one variable and nobody asks for.
$(BUILD)/obj/cjson/%.o: .deps/cjson/%.c Makefile
	@mkdir -p $(@D)
	$(call say,CC) $(CC) $(CFLAGS_ALL) $(FORTIFY) -DENABLE_LOCALES -w $(if $(SANITIZE),-fno-sanitize=thread) -MMD -MP -c $< -o $@

# Hooks are defined under libc's own names: no fortified macros, no built-in forms of them.
HOOK_OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,$(shell grep -l 'SHIM_HOOK\|"real.h"' preload/*.c))
$(HOOK_OBJECTS): FORTIFY = -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=0 -fno-builtin

# A thread's variables are reached without a call, which may allocate.
$(PRELOAD_OBJECTS): OBJECT_FLAGS += -ftls-model=initial-exec -Wmissing-prototypes

# A sanitizer's runtime calls these before it is up itself.
EARLY := $(patsubst %,$(BUILD)/obj/preload/%.o,signals fault handover hand_on real)
$(EARLY): OBJECT_FLAGS += $(if $(SANITIZE),-fno-sanitize=all)

# What musl's loader says is missing, when it meets the library: preload/musl.c.
MUSL_SAYS := libctshim_needs_glibc_and_this_program_uses_musl
$(BUILD)/obj/preload/musl.o: OBJECT_FLAGS += -DMUSL_SAYS=$(MUSL_SAYS)

# What the library exports comes from the list of hooks.
$(BUILD)/libctshim.map: preload/hooks.def Makefile
	@mkdir -p $(@D)
	$(call say,MAP) { echo '{ global: $(MUSL_SAYS);'; sed -n -e 's/^HOOK([^,]*, *\([A-Za-z0-9_]*\),.*/\1;/p' \
		-e 's/^ALIAS(\([A-Za-z0-9_]*\),.*/\1;/p' $<; echo 'local: *; };'; } > $@

# A loader that is too old, or not glibc's, complains of every symbol and version that it lacks. It shall
# say one thing: an old one that GLIBC_2.34 is missing (crypto/libc_compat.c), musl's what preload/musl.c has it say.
# These names are not in musl, and weak therefore; every glibc has them.
WEAK := __*_chk getcontext setcontext makecontext __register_atfork
weaken = $(call say,LD) $(CC) $(CFLAGS) -r -nostdlib $(1) -o $@ $^ $(filter -l:%,$(LIBS)) && \
	$(OBJCOPY) --wildcard $(WEAK:%=--weaken-symbol='%') $@

# libcrypto asks the processor what it can as soon as it is loaded, which a hypervisor answers slowly: preload/late.c.
$(BUILD)/libctshim.o: $(PRELOAD_OBJECTS) $(LIBRARY_OBJECTS)
	$(call weaken,-Wl$(comma)--wrap=OPENSSL_cpuid_setup)

$(BUILD)/ctshim.o: $(CLI_OBJECTS) $(LIBRARY_OBJECTS)
	$(call weaken)

# SHSTK: all of it, libcrypto.a too, returns only to where it was called from. Where that was compiled
# without saying so, as Debian 12's, a process would lose its shadow stack to the library.
MARK := $(if $(findstring x86_64,$(MACHINE)),-Wl$(comma)-z$(comma)shstk)

# Where one hook calls another, it is that one, whatever library stands in front of this one.
$(BUILD)/libctshim.so: $(BUILD)/libctshim.o $(BUILD)/libctshim.map
	$(call say,LD) $(CC) $(CFLAGS_ALL) -shared -Wl,-soname,libctshim.so $(LDFLAGS_ALL) -Wl,-z,defs $(MARK) \
		$(OWN_HEAP) -Wl,-Bsymbolic-functions \
		-Wl,--version-script=$(BUILD)/libctshim.map -o $@ $< $(filter-out -l:%,$(LIBS))

$(BUILD)/ctshim: $(BUILD)/ctshim.o
	$(call say,LD) $(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -pie -o $@ $< $(filter-out -l:%,$(LIBS))

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib
	install -m 755 $(BUILD)/ctshim $(DESTDIR)$(PREFIX)/bin/ctshim
	install -m 644 $(BUILD)/libctshim.so $(DESTDIR)$(PREFIX)/lib/libctshim.so

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/ctshim $(DESTDIR)$(PREFIX)/lib/libctshim.so

clean:
	rm -rf $(BUILD)

demo:
	scripts/demo

# Each part appends its counts; a failure of one does not keep the next from running.
check:
	@scripts/setup
	@rm -f $(BUILD)/check-counts $(BUILD)/clients.xml
	@failed=0; \
	for part in check-unit check-rego check-clients; do \
		$(MAKE) --no-print-directory $$part || failed=1; \
	done; \
	sh tests/sum-counts.sh $(BUILD)/check-counts || failed=1; \
	exit $$failed

include tests/tests.mk

.PHONY: all install uninstall clean demo check
.DELETE_ON_ERROR:
.SECONDARY:

-include $(LIBRARY_OBJECTS:.o=.d) $(CLI_OBJECTS:.o=.d) $(PRELOAD_OBJECTS:.o=.d)
