# flowtap. `make help` lists what there is to make.
#
#	V=1		show commands
#	O=DIR		build there (default build)
#	CC=clang	another compiler
#	SANITIZE=address,undefined | thread	instrument everything
#	PREFIX, DESTDIR	for install

O ?= build
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
ifneq ($(filter-out clean setup help,$(or $(MAKECMDGOALS),all)),)
missing := $(strip $(foreach p,$(PACKAGES),$(shell $(PKG_CONFIG) --exists $(p) || echo $(p))))
endif

CFLAGS ?= -O2 -g
ALL_CFLAGS = -std=gnu11 -Wall -Wextra -Wmissing-prototypes -Wstrict-prototypes \
	-Wno-sign-compare -fvisibility=hidden -fPIC -pthread -ffp-contract=off -fno-plt \
	-Iinclude -Iuser -Ibpf -D_GNU_SOURCE $(DEP_CFLAGS) $(SANITIZE_FLAGS) $(CFLAGS)
DEP_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PACKAGES) 2>/dev/null)
DEP_LIBS := $(shell $(PKG_CONFIG) --libs $(PACKAGES) 2>/dev/null)
LIBS = $(DEP_LIBS) -pthread -lm
ifdef SANITIZE
SANITIZE_FLAGS := -fsanitize=$(SANITIZE) -fno-omit-frame-pointer
endif

LIB_SRC := $(sort $(wildcard user/*.c $(foreach d,base source packet meter features plugin process sink,user/$(d)/*.c)))
CLI_SRC := $(sort $(wildcard user/cli/*.c))
UNIT_SRC := $(sort $(wildcard tests/unit/test_*.c))
TESTLIB_SRC := $(sort $(wildcard tests/lib/*.c))
LIB_OBJ := $(LIB_SRC:%.c=$(O)/%.o)
CLI_OBJ := $(CLI_SRC:%.c=$(O)/%.o)
TESTLIB_OBJ := $(TESTLIB_SRC:%.c=$(O)/%.o)
UNIT_BIN := $(UNIT_SRC:tests/unit/%.c=$(O)/tests/unit/%)

all: $(O)/flowtap $(O)/libflowtap.so $(O)/libflowtap.a

$(O)/%.o: %.c | deps
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(O)/libflowtap.a: $(LIB_OBJ)
	$(call say,AR)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(O)/libflowtap.so: $(LIB_OBJ)
	$(call say,LD)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -shared -Wl,-soname,libflowtap.so.0 -Wl,--no-undefined -o $@ $^ $(LIBS)

# The command carries the library within it, so that build/flowtap runs as it is.
$(O)/flowtap: $(CLI_OBJ) $(O)/libflowtap.a
	$(call say,LD)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(O)/tests/unit/%: $(O)/tests/unit/%.o $(TESTLIB_OBJ) $(O)/libflowtap.a
	$(call say,LD)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka $(LIBS)

unit: $(UNIT_BIN)

deps:
	@$(if $(missing),echo "missing packages: $(missing). Run tools/setup first." >&2; exit 1,:)

clean:
	rm -rf $(O)

.PHONY: all unit deps clean
.DELETE_ON_ERROR:
.SECONDARY:

-include $(LIB_OBJ:.o=.d) $(CLI_OBJ:.o=.d) $(TESTLIB_OBJ:.o=.d) $(UNIT_BIN:=.d)
