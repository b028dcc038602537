# Strata's build.  `make help` lists the targets.
#
# Stage N is compiled with the include paths of stages 1..N and linked with the
# libraries of stages N..1: a look upward does not compile.  The list of stages
# is whatever stands in src/, so stages 1..N alone build too.

CC      ?= cc
CFLAGS  ?= -O2 -g
BUILD   ?= build
PYTHON  ?= /usr/bin/python3
WARN     = -Wall -Wextra -Werror
ALL_CFLAGS = -std=gnu17 -D_GNU_SOURCE $(WARN) -pthread $(CFLAGS) $(SANITIZE)
ALL_LDFLAGS = -pthread -Wl,--as-needed $(LDFLAGS) $(SANITIZE)

STAGES := $(notdir $(wildcard src/0[1-6]-*))

# The program of each stage, and the libraries that a stage adds.
PROGRAM_01-echo    := strata-echo
PROGRAM_02-static  := strata-static
PROGRAM_03-uwsgi   := strata-uwsgi
PROGRAM_04-wsgi    := strata-wsgi
PROGRAM_05-prefork := strata-prefork
PROGRAM_06-proxy   := strata-proxy

PKGS_04-wsgi    := python3-embed
PKGS_05-prefork := jansson
PKGS_06-proxy   := libpcre2-8 zlib

PROGRAMS := $(foreach s,$(STAGES),$(BUILD)/bin/$(PROGRAM_$(s)))

.PHONY: all
all: $(PROGRAMS)

# $(call below,STAGE): the stages 1..STAGE, in order.
below = $(wordlist 1,$(words $(shell for s in $(STAGES); do echo $$s; [ $$s = $(1) ] && break; done)),$(STAGES))
reverse = $(if $(1),$(call reverse,$(wordlist 2,$(words $(1)),$(1))) $(firstword $(1)))

define stage_rules
FLOORS_$(1)  := $$(call below,$(1))
SRC_$(1)     := $$(sort $$(wildcard src/$(1)/*.c))
OBJ_$(1)     := $$(patsubst src/%.c,$(BUILD)/obj/%.o,$$(filter-out src/$(1)/main.c,$$(SRC_$(1))))
LIB_$(1)     := $(BUILD)/lib/lib$(1).a
PKG_$(1)     := $$(foreach s,$$(FLOORS_$(1)),$$(PKGS_$$(s)))
CPPFLAGS_$(1) := $$(foreach s,$$(FLOORS_$(1)),-Isrc/$$(s)) $$(if $$(strip $$(PKG_$(1))),$$(shell pkg-config --cflags $$(PKG_$(1))))
LIBS_$(1)    := $$(foreach s,$$(call reverse,$$(FLOORS_$(1))),$(BUILD)/lib/lib$$(s).a)
LDLIBS_$(1)  := $$(if $$(strip $$(PKG_$(1))),$$(shell pkg-config --libs $$(PKG_$(1))))

$(BUILD)/obj/$(1)/%.o: src/$(1)/%.c
	@mkdir -p $$(@D)
	$$(CC) $$(ALL_CFLAGS) -MMD -MP $$(CPPFLAGS_$(1)) -c -o $$@ $$<

$$(LIB_$(1)): $$(OBJ_$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(AR) rcs $$@ $$^

$(BUILD)/bin/$(PROGRAM_$(1)): $(BUILD)/obj/$(1)/main.o $$(LIBS_$(1))
	@mkdir -p $$(@D)
	$$(CC) $$(ALL_LDFLAGS) -o $$@ $$^ $$(LDLIBS_$(1))
endef
$(foreach s,$(STAGES),$(eval $(call stage_rules,$(s))))

-include $(wildcard $(BUILD)/obj/*/*.d $(BUILD)/tests/*.d)

# Unit tests: tests/unit/test_NAME.c is one CUnit program, linked with the
# libraries of every stage.
LAST  := $(lastword $(STAGES))
UNITS := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c))

$(BUILD)/tests/test_%: tests/unit/test_%.c tests/unit/unit.h $(LIBS_$(LAST))
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP $(CPPFLAGS_$(LAST)) -Itests/unit -o $@ $< $(ALL_LDFLAGS) $(LIBS_$(LAST)) $(LDLIBS_$(LAST)) -lcunit

.PHONY: unit
unit: $(UNITS)
	@for t in $(UNITS); do $$t || exit 1; done

.PHONY: clean
clean:
	rm -rf $(BUILD)

# The book: `make weave CHAPTER=3` and `make check-book CHAPTER=3` keep to one.
.PHONY: weave check-book
weave check-book:
	@$(PYTHON) docs/weave.py $(if $(filter weave,$@),weave,check) $(CHAPTER)
