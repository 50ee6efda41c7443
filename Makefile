# flowtap. `make help` lists what there is to make.
#
#	V=1		show commands
#	O=DIR		build there (default build)
#	CC=clang	another compiler
#	SANITIZE=address,undefined | thread	instrument everything
#	PREFIX, DESTDIR	for install

O ?= build
VERSION := $(shell sed -n 's/^\#define FLOWTAP_VERSION "\(.*\)"/\1/p' include/flowtap/flowtap.h)
SONAME := libflowtap.so.$(firstword $(subst ., ,$(VERSION)))
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR ?= $(PREFIX)/share/man
PKG_CONFIG ?= pkg-config
INSTALL ?= install

V ?= 0
Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-7s %s\n' '$(1)' '$(patsubst $(O)/%,%,$@)')

PACKAGES := libpcap libndpi libsodium zlib libzstd
# Goals that only install packages or clean must work without them.
ifneq ($(filter-out clean setup help check demo uninstall,$(or $(MAKECMDGOALS),all)),)
missing := $(strip $(foreach p,$(PACKAGES),$(shell $(PKG_CONFIG) --exists $(p) || echo $(p))))
endif

CFLAGS ?= -O2 -g
ALL_CFLAGS = -std=gnu11 -Wall -Wextra -Wmissing-prototypes -Wstrict-prototypes \
	-Wno-sign-compare -Wno-missing-field-initializers -fvisibility=hidden -fPIC -pthread -ffp-contract=off -fno-plt \
	-Iinclude -Iuser -Ibpf -D_GNU_SOURCE $(DEP_CFLAGS) $(SANITIZE_FLAGS) $(CFLAGS)
DEP_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PACKAGES) 2>/dev/null)
DEP_LIBS := $(shell $(PKG_CONFIG) --libs $(PACKAGES) 2>/dev/null)
LIBS = $(DEP_LIBS) -pthread -lm
ifdef SANITIZE
SANITIZE_FLAGS := -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
endif

LIB_SRC := $(sort $(wildcard user/*.c $(foreach d,base source packet meter features plugin process sink,user/$(d)/*.c)))
CLI_SRC := $(sort $(wildcard user/cli/*.c))
UNIT_SRC := $(sort $(wildcard tests/unit/test_*.c))
TESTLIB_SRC := $(sort $(wildcard tests/lib/*.c))
LIB_OBJ := $(LIB_SRC:%.c=$(O)/%.o)
CLI_OBJ := $(CLI_SRC:%.c=$(O)/%.o)
TESTLIB_OBJ := $(TESTLIB_SRC:%.c=$(O)/%.o)
UNIT_BIN := $(UNIT_SRC:tests/unit/%.c=$(O)/tests/unit/%)
GOLDEN_OBJ := $(patsubst %.c,$(O)/%.o,$(sort $(wildcard tests/golden/*.c)))
GOLDEN_BIN := $(O)/tests/golden/golden
FUZZ_SRC := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ_BIN := $(FUZZ_SRC:%.c=$(O)/%)
BENCH_SRC := $(sort $(wildcard tools/bench/*.c))
BENCH_BIN := $(BENCH_SRC:tools/%.c=$(O)/%)

all: $(O)/flowtap $(O)/libflowtap.so $(O)/libflowtap.a

$(O)/%.o: %.c | deps
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(O)/libflowtap.a: $(LIB_OBJ)
	$(call say,AR)
	$(Q)rm -f $@ && $(AR) qcs $@ $^

$(O)/libflowtap.so: $(LIB_OBJ)
	$(call say,LD)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -shared -Wl,-soname,$(SONAME) -Wl,--no-undefined -o $@ $^ $(LIBS)

# The command carries the library within it, so that build/flowtap runs as it is.
$(O)/flowtap: $(CLI_OBJ) $(O)/libflowtap.a
	$(call say,LD)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(O)/tests/unit/%: $(O)/tests/unit/%.o $(TESTLIB_OBJ) $(O)/libflowtap.a
	$(call say,LD)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka $(LIBS)

$(GOLDEN_BIN): $(GOLDEN_OBJ) $(O)/libflowtap.a
	$(call say,LD)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(O)/tests/fuzz/%: $(O)/tests/fuzz/%.o $(TESTLIB_OBJ) $(O)/libflowtap.a
	$(call say,LD)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS)

$(O)/bench/%: $(O)/tools/bench/%.o
	$(call say,LD)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

unit: $(UNIT_BIN)

golden: $(GOLDEN_BIN)

# ---- tests ----

# The variants that tests/run wants, each in a folder of its own below $(O).
SUBMAKE = $(MAKE) --no-print-directory
JOBS := $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc))
FUZZ_MAKE = $(SUBMAKE) $(JOBS) O=$(O)/fuzz CC=clang SANITIZE=fuzzer-no-link,address,undefined
ASAN_MAKE = $(SUBMAKE) $(JOBS) O=$(O)/asan SANITIZE=address,undefined
TSAN_MAKE = $(SUBMAKE) $(JOBS) O=$(O)/tsan SANITIZE=thread

setup:
	@tools/setup

check: setup
	+$(Q)$(SUBMAKE) $(JOBS) all unit golden
	+$(Q)$(ASAN_MAKE) all unit golden
	+$(Q)$(TSAN_MAKE) unit golden
	+$(Q)$(FUZZ_MAKE) fuzz-bin
	$(Q)tests/run -o $(O)

asan:
	+$(Q)$(ASAN_MAKE) all unit golden
	$(Q)tests/run -o $(O) asan

tsan:
	+$(Q)$(TSAN_MAKE) unit golden
	$(Q)tests/run -o $(O) tsan

fuzz-bin: $(FUZZ_BIN)

FUZZ_SECONDS ?= 60
fuzz:
	+$(Q)$(FUZZ_MAKE) fuzz-bin
	$(Q)tests/fuzz/run $(O)/fuzz $(FUZZ_SECONDS)

tidy:
	$(Q)clang-tidy --quiet $(LIB_SRC) $(CLI_SRC) -- $(filter-out -fno-plt,$(ALL_CFLAGS))

# ---- for people ----

demo: setup
	+$(Q)$(SUBMAKE) $(JOBS) $(O)/flowtap
	$(Q)tools/demo/run $(O)/flowtap

bench: $(O)/flowtap $(BENCH_BIN)
	$(Q)tools/bench/run $(O)

docs: $(O)/flowtap
	$(Q)tools/docs $(O)/flowtap

help:
	@echo 'make            build/flowtap, build/libflowtap.so and .a'
	@echo 'make setup      install the packages of tools/packages.txt (Debian)'
	@echo 'make demo       make real traffic, capture it, meter it'
	@echo 'make check      all tests'
	@echo 'make asan, tsan the tests under ASan + UBSan, or TSan, alone'
	@echo 'make fuzz       each fuzz target for FUZZ_SECONDS=$(FUZZ_SECONDS)'
	@echo 'make bench      speed and memory, beside a bare loop and what else is installed'
	@echo 'make docs       refresh what the documents show of the command'
	@echo 'make tidy       clang-tidy'
	@echo 'make install    to PREFIX=$(PREFIX), below DESTDIR; make uninstall'
	@echo 'make clean'
	@echo 'With V=1, O=DIR, CC=..., CFLAGS=..., SANITIZE=...: see the head of the Makefile.'

# ---- installation ----

PKGCONFIGDIR ?= $(LIBDIR)/pkgconfig
HEADERS := $(sort $(wildcard include/flowtap/*))
MANPAGES := $(sort $(wildcard user/cli/*.1))

$(O)/flowtap.pc: Makefile include/flowtap/flowtap.h
	@mkdir -p $(@D)
	$(Q)printf '%s\n' >$@ \
		'prefix=$(PREFIX)' 'libdir=$(LIBDIR)' 'includedir=$(INCLUDEDIR)' '' \
		'Name: flowtap' \
		'Description: Network flow records from packet captures' \
		'Version: $(VERSION)' \
		'Requires.private: $(PACKAGES)' \
		'Cflags: -I$${includedir}' \
		'Libs: -L$${libdir} -lflowtap' \
		'Libs.private: -pthread -lm'

# What goes where is said once, so that uninstall cannot fall behind.
INSTALLED = $(BINDIR)/flowtap \
	$(addprefix $(LIBDIR)/,libflowtap.a libflowtap.so $(SONAME) libflowtap.so.$(VERSION)) \
	$(PKGCONFIGDIR)/flowtap.pc \
	$(HEADERS:include/%=$(INCLUDEDIR)/%) \
	$(MANPAGES:user/cli/%=$(MANDIR)/man1/%)

# PREFIX may differ from one call to the next.
.PHONY: $(O)/flowtap.pc

install: all $(O)/flowtap.pc
	$(Q)$(INSTALL) -Dm755 $(O)/flowtap $(DESTDIR)$(BINDIR)/flowtap
	$(Q)$(INSTALL) -Dm644 $(O)/libflowtap.a $(DESTDIR)$(LIBDIR)/libflowtap.a
	$(Q)$(INSTALL) -Dm755 $(O)/libflowtap.so $(DESTDIR)$(LIBDIR)/libflowtap.so.$(VERSION)
	$(Q)ln -sf libflowtap.so.$(VERSION) $(DESTDIR)$(LIBDIR)/$(SONAME)
	$(Q)ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/libflowtap.so
	$(Q)$(INSTALL) -Dm644 $(O)/flowtap.pc $(DESTDIR)$(PKGCONFIGDIR)/flowtap.pc
	$(Q)$(INSTALL) -d $(DESTDIR)$(INCLUDEDIR)/flowtap $(DESTDIR)$(MANDIR)/man1
	$(Q)$(INSTALL) -m644 $(HEADERS) $(DESTDIR)$(INCLUDEDIR)/flowtap
	$(Q)$(if $(MANPAGES),$(INSTALL) -m644 $(MANPAGES) $(DESTDIR)$(MANDIR)/man1)

uninstall:
	rm -f $(addprefix $(DESTDIR),$(INSTALLED))
	-rmdir $(DESTDIR)$(INCLUDEDIR)/flowtap

deps:
	@$(if $(missing),echo "missing packages: $(missing). Run tools/setup first." >&2; exit 1,:)

clean:
	rm -rf $(O)

.PHONY: all unit golden deps clean setup check asan tsan fuzz fuzz-bin tidy demo bench docs help \
	install uninstall
.DELETE_ON_ERROR:
.SECONDARY:

-include $(LIB_OBJ:.o=.d) $(CLI_OBJ:.o=.d) $(TESTLIB_OBJ:.o=.d) $(UNIT_BIN:=.d) \
	$(GOLDEN_OBJ:.o=.d) $(FUZZ_BIN:=.d) $(BENCH_SRC:%.c=$(O)/%.d)
