/* options: one table, getopt_long, and what the words mean. */

#include "options.h"

#include "case.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "usage: strata-grade --stage N [--program WORDS | --dir FOLDER] [option]\n"
    "       strata-grade --verify | --record | --check [option]\n"
    "\n"
    "  --stage N        the stage to grade, 1 to 6\n"
    "  --program WORDS  the program's command; without it this house's own\n"
    "  --dir FOLDER     make it there, and find the program there\n"
    "  --cases WORDS    only cases whose name begins with one of the words\n"
    "  --hidden FOLDER  more cases, never shown\n"
    "  --format F       text, json, tap, junit or gradescope\n"
    "  --output FILE    write there (gradescope: results.json)\n"
    "  --wrap WORDS     put before the program's command: valgrind -q\n"
    "  --backend WORDS  the application server behind stage 6\n"
    "  --scale X        multiply the longest waits\n"
    "  --jobs N         cases played at once\n"
    "  --limit SECONDS  for all cases together\n"
    "  --corpus FOLDER  the cases (corpus)\n"
    "  --bin FOLDER     this house's programs (build/bin)\n"
    "  --adapters FOLDER  the real servers (tests/runner)\n"
    "  --verify         replay what was recorded to the real servers\n"
    "  --record         write the real servers' answers into the cases\n"
    "  --check          only read the cases\n";

enum option_id {
    OPT_STAGE = 256,
    OPT_PROGRAM,
    OPT_DIR,
    OPT_CASES,
    OPT_HIDDEN,
    OPT_FORMAT,
    OPT_OUTPUT,
    OPT_WRAP,
    OPT_BACKEND,
    OPT_SCALE,
    OPT_JOBS,
    OPT_LIMIT,
    OPT_CORPUS,
    OPT_BIN,
    OPT_ADAPTERS,
    OPT_VERIFY,
    OPT_RECORD,
    OPT_CHECK,
    OPT_HELP,
};

static const struct option long_options[] = {
    {"stage", required_argument, NULL, OPT_STAGE},
    {"program", required_argument, NULL, OPT_PROGRAM},
    {"dir", required_argument, NULL, OPT_DIR},
    {"cases", required_argument, NULL, OPT_CASES},
    {"hidden", required_argument, NULL, OPT_HIDDEN},
    {"format", required_argument, NULL, OPT_FORMAT},
    {"output", required_argument, NULL, OPT_OUTPUT},
    {"wrap", required_argument, NULL, OPT_WRAP},
    {"backend", required_argument, NULL, OPT_BACKEND},
    {"scale", required_argument, NULL, OPT_SCALE},
    {"jobs", required_argument, NULL, OPT_JOBS},
    {"limit", required_argument, NULL, OPT_LIMIT},
    {"corpus", required_argument, NULL, OPT_CORPUS},
    {"bin", required_argument, NULL, OPT_BIN},
    {"adapters", required_argument, NULL, OPT_ADAPTERS},
    {"verify", no_argument, NULL, OPT_VERIFY},
    {"record", no_argument, NULL, OPT_RECORD},
    {"check", no_argument, NULL, OPT_CHECK},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

/* Where an option that takes a text puts it. */
static const char **text_option(struct options *o, int id)
{
    const struct {
        int id;
        const char **text;
    } table[] = {
        {OPT_PROGRAM, &o->program},   {OPT_DIR, &o->dir},
        {OPT_CASES, &o->cases},       {OPT_HIDDEN, &o->hidden},
        {OPT_FORMAT, &o->format},     {OPT_OUTPUT, &o->output},
        {OPT_WRAP, &o->wrap},         {OPT_BACKEND, &o->backend},
        {OPT_CORPUS, &o->corpus},     {OPT_BIN, &o->bin},
        {OPT_ADAPTERS, &o->adapters},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].id == id)
            return table[i].text;
    return NULL;
}

static bool refuse(const char *name, const char *value, const char *expected)
{
    fprintf(stderr, "strata-grade: --%s: \"%s\": expected %s\n", name, value,
            expected);
    return false;
}

static bool number_option(struct options *o, int id, const char *value)
{
    char *end;
    double n = strtod(value, &end);

    if (*end || end == value || n <= 0 || n > 100000)
        return false;
    switch (id) {
    case OPT_STAGE:
        o->stage = (int)n;
        return n <= CASE_STAGES && n == o->stage;
    case OPT_SCALE:
        o->scale = n;
        return true;
    case OPT_JOBS:
        o->workers = (int)n;
        return o->workers >= 1;
    default:
        o->limit = (int64_t)n;
        return true;
    }
}

static bool take_option(struct options *o, int id, const char *value)
{
    const char **text = text_option(o, id);

    switch (id) {
    case OPT_VERIFY:
        o->mode = MODE_VERIFY;
        return true;
    case OPT_RECORD:
        o->mode = MODE_RECORD;
        return true;
    case OPT_CHECK:
        o->mode = MODE_CHECK;
        return true;
    case '?':
        return false;
    }
    /* A variable that make was not given arrives as an empty word. */
    if (*value == '\0')
        return true;
    if (!text)
        return number_option(o, id, value);
    *text = value;
    return true;
}

static bool parse_words(struct options *o, int argc, char **argv)
{
    int id, at = 0;

    while ((id = getopt_long(argc, argv, "", long_options, &at)) != -1) {
        if (id == OPT_HELP) {
            fputs(usage, stdout);
            exit(0);
        }
        if (!take_option(o, id, optarg))
            return id != '?' &&
                   refuse(long_options[at].name, optarg,
                          id == OPT_STAGE ? "1 to 6"
                                          : "a number above 0, to 100000");
    }
    if (optind < argc) {
        fprintf(stderr, "strata-grade: what is \"%s\"?\n", argv[optind]);
        return false;
    }
    if (o->mode == MODE_GRADE && !o->stage) {
        fputs("strata-grade: which stage? --stage 1 to --stage 6\n", stderr);
        return false;
    }
    return true;
}

bool options_parse(struct options *o, int argc, char **argv)
{
    *o = (struct options){.workers = 4,
                          .scale = 1,
                          .limit = 600,
                          .corpus = "corpus",
                          .format = "text",
                          .bin = "build/bin",
                          .adapters = "tests/runner"};
    if (parse_words(o, argc, argv))
        return true;
    fputs("strata-grade: --help lists the options\n", stderr);
    return false;
}
