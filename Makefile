# Strata's build.  `make help` lists the targets.
#
# A stage is one folder, or numbered rooms in one; each is a floor.  Floor N is
# compiled with the include paths of floors 1..N and linked with the libraries of
# floors N..1: a look upward does not compile.  The list of stages is whatever
# stands in src/, so stages 1..N alone build too.

CC      ?= cc
CFLAGS  ?= -O2 -g
BUILD   ?= build
PYTHON  ?= /usr/bin/python3
# A function in a table has the parameters of all that stand there, and a row
# ends where the rest is zero.
WARN     = -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers
ALL_CFLAGS = -std=gnu17 -D_GNU_SOURCE $(WARN) $(WERROR) -pthread $(CFLAGS) $(SANITIZE)
ALL_LDFLAGS = -pthread -Wl,--as-needed $(LDFLAGS) $(SANITIZE)

# Warnings are shown, and stop nobody: a compiler newer than ours may have more.
# The tests say WERROR=-Werror; then what was compiled without is compiled anew.
LAX  := $(wildcard $(BUILD)/obj/*/*.lax $(BUILD)/obj/*/*/*.lax $(BUILD)/tests/*.lax $(BUILD)/tests/runner/*.lax)
mark  = @$(if $(WERROR),rm -f,touch) $@.lax
.PHONY: .anew
.anew:
$(if $(WERROR),$(if $(LAX),$(LAX:.lax=): .anew))

# A line for each file that is built; V=1 shows the commands instead.
say = $(if $(V),,@printf '  %-4s %s\n' $(1) $(2);)

STAGES := $(notdir $(wildcard src/0[1-6]-*))
FLOORS := $(foreach s,$(STAGES),$(or $(patsubst src/%/,%,$(sort $(wildcard src/$(s)/[1-9]-*/))),$(s)))

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

# A stage that is typed in as far as its libraries has no program yet.
PROGRAMS := $(foreach s,$(STAGES),$(if $(wildcard src/$(s)/main.c src/$(s)/*/main.c),$(BUILD)/bin/$(PROGRAM_$(s))))

## make              build the programs into build/bin
.PHONY: all
all: $(PROGRAMS)

# One look at the packages before the first compilation: the line to type is
# worth more than a missing header.
PACKAGES := $(BUILD)/build.checked
$(BUILD)/build.checked $(BUILD)/grade.checked: $(BUILD)/%.checked:
	@tests/packages.sh check $*
	@mkdir -p $(@D) && touch $@

# $(call below,FLOOR): the floors 1..FLOOR, in order.
below = $(wordlist 1,$(words $(shell for f in $(FLOORS); do echo $$f; [ $$f = $(1) ] && break; done)),$(FLOORS))
reverse = $(if $(1),$(call reverse,$(wordlist 2,$(words $(1)),$(1))) $(firstword $(1)))
stage_of = $(firstword $(subst /, ,$(1)))
# $(call of_stage,STAGE): its floors; the last one has the program's main.
of_stage = $(filter $(1) $(1)/%,$(FLOORS))

define floor_rules
BELOW_$(1)   := $$(call below,$(1))
OBJ_$(1)     := $$(patsubst src/%.c,$(BUILD)/obj/%.o,$$(filter-out %/main.c,$$(sort $$(wildcard src/$(1)/*.c))))
PKG_$(1)     := $$(foreach s,$$(sort $$(foreach f,$$(BELOW_$(1)),$$(call stage_of,$$(f)))),$$(PKGS_$$(s)))
CPPFLAGS_$(1) := $$(foreach f,$$(BELOW_$(1)),-Isrc/$$(f)) $$(if $$(strip $$(PKG_$(1))),$$(shell pkg-config --cflags $$(PKG_$(1)) 2>/dev/null))
LIBS_$(1)    := $$(foreach f,$$(call reverse,$$(BELOW_$(1))),$(BUILD)/lib/lib$$(subst /,-,$$(f)).a)
LDLIBS_$(1)  := $$(if $$(strip $$(PKG_$(1))),$$(shell pkg-config --libs $$(PKG_$(1)) 2>/dev/null))

$(BUILD)/obj/$(1)/%.o: src/$(1)/%.c | $(PACKAGES)
	@mkdir -p $$(@D)
	$$(call say,CC,$$<)$$(CC) $$(ALL_CFLAGS) -MMD -MP $$(CPPFLAGS_$(1)) -c -o $$@ $$<
	$$(mark)

$(BUILD)/lib/lib$(subst /,-,$(1)).a: $$(OBJ_$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	@$$(AR) rcs $$@ $$^
endef
$(foreach f,$(FLOORS),$(eval $(call floor_rules,$(f))))

define stage_rules
TOP_$(1) := $$(lastword $$(call of_stage,$(1)))
$(BUILD)/bin/$(PROGRAM_$(1)): $(BUILD)/obj/$$(TOP_$(1))/main.o $$(LIBS_$$(TOP_$(1)))
	@mkdir -p $$(@D)
	$$(call say,LINK,$$@)$$(CC) $$(ALL_LDFLAGS) -o $$@ $$^ $$(LDLIBS_$$(TOP_$(1)))
endef
$(foreach s,$(STAGES),$(eval $(call stage_rules,$(s))))

-include $(wildcard $(BUILD)/obj/*/*.d $(BUILD)/obj/*/*/*.d $(BUILD)/tests/*.d)

# Unit tests: tests/unit/test_NAME.c is one CUnit program.  It sees the floors up
# to the one in which NAME stands, and is linked with those alone: what calls
# upward has no test.  Where nothing is called NAME, it sees all floors.
LAST  := $(lastword $(FLOORS))
UNITS := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c))
floor_of = $(or $(patsubst src/%/,%,$(dir $(firstword $(foreach f,$(FLOORS),$(wildcard src/$(f)/$(1).[ch]))))),$(LAST))

.PHONY: units
units: $(UNITS)

define unit_rules
$(BUILD)/tests/test_$(1): tests/unit/test_$(1).c tests/unit/unit.h $$(LIBS_$(2))
	@mkdir -p $$(@D)
	$$(call say,TEST,$$<)$$(CC) $$(ALL_CFLAGS) -MMD -MP $$(CPPFLAGS_$(2)) -Itests/unit -o $$@ $$< $$(ALL_LDFLAGS) $$(LIBS_$(2)) $$(LDLIBS_$(2)) -lcunit
	$$(mark)
endef
$(foreach t,$(filter-out grade_%,$(UNITS:$(BUILD)/tests/test_%=%)),$(eval $(call unit_rules,$(t),$(call floor_of,$(t)))))

# An exercise that the wire does not show is graded by a unit test.
$(BUILD)/exercises/%: tests/exercises/%.c tests/unit/unit.h $(LIBS_$(LAST))
	@mkdir -p $(@D)
	$(call say,TEST,$<)$(CC) $(ALL_CFLAGS) $(CPPFLAGS_$(LAST)) -Itests/unit -o $@ $< $(ALL_LDFLAGS) $(LIBS_$(LAST)) $(LDLIBS_$(LAST)) -lcunit

# The grader.  It is a program of the tests: of src/ it uses the bytes of stage 1
# alone, so that the judge shares no parser with the judged, and works when
# nothing else is written yet.
BYTES  := $(BUILD)/obj/01-echo/bytes.o
RUNNER := $(patsubst tests/runner/%.c,$(BUILD)/tests/runner/%.o,$(wildcard tests/runner/*.c))
GRADE  := $(BUILD)/bin/strata-grade

$(BUILD)/tests/runner/%.o: tests/runner/%.c | $(BUILD)/grade.checked
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(ALL_CFLAGS) -MMD -MP -Isrc/01-echo -c -o $@ $<
	$(mark)

$(GRADE): $(RUNNER) $(BYTES)
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(CC) $(ALL_LDFLAGS) -o $@ $^ -ljansson -lcunit

# The grader's own unit tests, linked with all of it but its main.
$(BUILD)/tests/test_grade_%: tests/unit/test_grade_%.c tests/unit/unit.h $(filter-out %/main.o,$(RUNNER)) $(BYTES)
	@mkdir -p $(@D)
	$(call say,TEST,$<)$(CC) $(ALL_CFLAGS) -MMD -MP -Isrc/01-echo -Itests/runner -Itests/unit -o $@ $(filter-out %.h .anew,$^) $(ALL_LDFLAGS) -ljansson -lcunit
	$(mark)

-include $(wildcard $(BUILD)/tests/runner/*.d)

# `make test-stage 3`: the number is a goal of its own, that does nothing.
ifeq ($(firstword $(MAKECMDGOALS)),test-stage)
N ?= $(word 2,$(MAKECMDGOALS))
.PHONY: $(filter 1 2 3 4 5 6,$(MAKECMDGOALS))
$(filter 1 2 3 4 5 6,$(MAKECMDGOALS)):
	@:
endif

SCALE  ?= 1
JOBS   ?= 4
CORPUS ?= corpus
FORMAT ?= text
# $(call quote,TEXT): as one word of the shell's.
quote = '$(subst ','\'',$(1))'
GRADE_ARGS = --bin $(BUILD)/bin --corpus $(call quote,$(CORPUS)) --cases $(call quote,$(CASES)) --format $(FORMAT) --output $(call quote,$(OUTPUT)) \
	--scale $(SCALE) --jobs $(JOBS) --wrap $(call quote,$(WRAP)) --backend $(call quote,$(BACKEND))

## make test-stage N  grade stage N; PROGRAM="./server" or DIR=~/lab3 somebody else's
.PHONY: test-stage
test-stage: $(GRADE) $(if $(PROGRAM)$(DIR),$(filter %/strata-prefork,$(if $(filter 6,$(N)),$(PROGRAMS))),$(wordlist 1,$(or $(N),6),$(PROGRAMS)))
	@$(GRADE) --stage "$(N)" --program $(call quote,$(PROGRAM)) --dir $(call quote,$(DIR:~/%=$(HOME)/%)) --hidden $(call quote,$(HIDDEN)) $(GRADE_ARGS)

## make verify-corpus  replay the recorded cases to real nginx and real uWSGI
## make record       write the real servers' answers into the cases; CASES=path/
.PHONY: verify-corpus record
verify-corpus record: $(GRADE)
	@$(GRADE) --$(if $(filter record,$@),record,verify) $(GRADE_ARGS)

# The tutorial's site.  What is missing is installed first, so that this works
# where nothing but make is there.
## make run          start the site of src/07-stack here, until Ctrl+C
.PHONY: run
run:
	@tests/packages.sh install build
	@$(MAKE) --no-print-directory all
	@exec src/07-stack/run $(BUILD)/bin/strata-proxy $(BUILD)/bin/strata-prefork

## make test         run the tests; SUITES="unit interop" some of them
## make test-all     and all of what `make test` runs in turns (docs/testing.md)
.PHONY: test test-all
test test-all:
	@tests/packages.sh install test docs
	@exec $(PYTHON) tests/run.py $(if $(filter test-all,$@),--all) $(SUITES)

## make unit         run the unit tests alone
.PHONY: unit
unit: $(UNITS)
	@for t in $(UNITS); do $$t || exit 1; done

# The fuzz targets are programs of their own, with the libraries built for the
# fuzzer; SECONDS is shared out among them.
SECONDS ?= 60
## make fuzz         fuzz every parser for SECONDS=60 (needs clang)
.PHONY: fuzz fuzzers
FUZZERS := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/bin/%,$(wildcard tests/fuzz/fuzz_*.c))
fuzz:
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/fuzz CC=clang SANITIZE="-fsanitize=fuzzer-no-link,address,undefined" fuzzers
	@$(PYTHON) tests/fuzz.py $(SECONDS) $(FUZZERS)
fuzzers: $(patsubst tests/fuzz/%.c,$(BUILD)/bin/%,$(wildcard tests/fuzz/fuzz_*.c))
$(BUILD)/bin/fuzz_%: tests/fuzz/fuzz_%.c $(LIBS_$(LAST))
	@mkdir -p $(@D)
	$(call say,FUZZ,$<)$(CC) $(ALL_CFLAGS) -fsanitize=fuzzer $(CPPFLAGS_$(LAST)) -o $@ $< $(ALL_LDFLAGS) $(LIBS_$(LAST)) $(LDLIBS_$(LAST))

## make bench        measure side by side with nginx and uWSGI, as ratios
.PHONY: bench
bench: all $(BUILD)/tests/wsgi_load
	@tests/packages.sh install bench
	@$(PYTHON) tests/bench/wsgi_cpu.py $(BUILD)/bin
	@$(PYTHON) tests/bench/bench.py $(BUILD)/bin
$(BUILD)/tests/wsgi_load: tests/bench/wsgi_load.c
	@mkdir -p $(@D)
	$(call say,TEST,$<)$(CC) $(ALL_CFLAGS) -o $@ $^ $(ALL_LDFLAGS)

## make cost         count the instructions that heads and uwsgi packets take
.PHONY: cost
cost: $(BUILD)/tests/head_cost $(BUILD)/tests/uwsgi_cost
	@$(PYTHON) tests/bench/head_cost.py $^
$(BUILD)/tests/head_cost: tests/bench/head_cost.c $(BUILD)/lib/lib01-echo.a
	@mkdir -p $(@D)
	$(call say,TEST,$<)$(CC) $(ALL_CFLAGS) -Isrc/01-echo -o $@ $^ $(ALL_LDFLAGS) -Wl,--strip-debug

$(BUILD)/tests/uwsgi_cost: tests/bench/uwsgi_cost.c $(LIBS_03-uwsgi)
	@mkdir -p $(@D)
	$(call say,TEST,$<)$(CC) $(ALL_CFLAGS) $(CPPFLAGS_03-uwsgi) -o $@ $^ $(ALL_LDFLAGS) -Wl,--strip-debug

# The book: `make weave CHAPTER=3` and `make check-book CHAPTER=3` keep to one, and
# CHAPTER=06-proxy-1-loop to a part of one.
## make weave        fill the quotes of the chapters in from src/
## make check-book   every quote is fresh, every line of src/ is listed once
.PHONY: weave check-book
weave check-book:
	@$(PYTHON) docs/weave.py $(if $(filter weave,$@),weave,check) $(CHAPTER)

## make docs         the book as HTML, in build/docs
.PHONY: docs
docs:
	@tests/packages.sh install docs
	@$(PYTHON) docs/book.py $(BUILD)/docs

## make install      install into DESTDIR= under PREFIX=/usr/local
PREFIX ?= /usr/local
.PHONY: install man
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/strata
	install -m 755 $(PROGRAMS) $(DESTDIR)$(PREFIX)/bin
	install -m 644 src/07-stack/uwsgi_params src/07-stack/mime.types $(DESTDIR)$(PREFIX)/share/strata
	$(if $(wildcard $(BUILD)/man/*.1),install -d $(DESTDIR)$(PREFIX)/share/man/man1)
	$(if $(wildcard $(BUILD)/man/*.1),install -m 644 $(wildcard $(BUILD)/man/*.1) $(DESTDIR)$(PREFIX)/share/man/man1)

## make man          the manual pages, in build/man; `make install` takes them
man: $(patsubst docs/man/%.md,$(BUILD)/man/%,$(wildcard docs/man/*.1.md))
$(BUILD)/man/%.1: docs/man/%.1.md $(BUILD)/bin/%
	@mkdir -p $(@D)
	{ sed '/^@help@$$/,$$d' $<; echo '# OPTIONS'; echo; \
	  $(BUILD)/bin/$* $(if $(filter %-proxy,$*),-h,--help) 2>&1 | sed 's/^/    /'; sed '1,/^@help@$$/d' $<; } | \
	pandoc --standalone --from markdown --to man --output $@

## make doctor       what is installed, what is missing, and the line to type
.PHONY: doctor
doctor:
	@tests/packages.sh doctor

## make clean        remove everything that was built
.PHONY: clean
clean:
	rm -rf $(BUILD)

## make help         this list
.PHONY: help
help:
	@sed -n 's/^## //p' Makefile
