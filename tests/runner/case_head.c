/* case_head: the head of a case, a function a keyword. */

#include "case.h"

#include <stdlib.h>
#include <string.h>

static struct case_line *add_line(struct corpus_case *c,
                                  struct case_line **lines, size_t *count,
                                  struct span text)
{
    *lines = mem_grow(&c->mem, *lines, *count, sizeof **lines);
    (*lines)[*count] =
        (struct case_line){.text = mem_copy(&c->mem, text), .stages = ~0u};
    return &(*lines)[(*count)++];
}

static bool head_case(struct corpus_case *c, struct span rest, struct err *e)
{
    if (!span_eq(rest, c->name))
        return err_set(e,
                       "the case calls itself \"%.*s\", its file says "
                       "\"%.*s\"",
                       SPAN_ARG(rest), SPAN_ARG(c->name));
    return true;
}

static bool head_title(struct corpus_case *c, struct span rest, struct err *e)
{
    (void)e;
    c->title = mem_copy(&c->mem, rest);
    return true;
}

static bool head_stage(struct corpus_case *c, struct span rest, struct err *e)
{
    if (!case_stages(rest, &c->stages))
        return err_set(e,
                       "\"%.*s\" is no list of stages 1 to 6; expected "
                       "words such as 2, 1..3 or 4..",
                       SPAN_ARG(rest));
    return true;
}

static bool head_points(struct corpus_case *c, struct span rest, struct err *e)
{
    uint64_t n;

    if (!span_decimal(rest, &n) || n < 1 || n > 100)
        return err_set(e, "points \"%.*s\": expected 1 to 100", SPAN_ARG(rest));
    c->points = (int)n;
    return true;
}

static bool head_see(struct corpus_case *c, struct span rest, struct err *e)
{
    const char *hash = span_chr(rest, '#');

    if (!hash || hash == rest.ptr || hash + 1 == rest.ptr + rest.len)
        return err_set(e, "see \"%.*s\": expected CHAPTER#SECTION",
                       SPAN_ARG(rest));
    c->see = mem_copy(&c->mem, rest);
    return true;
}

static bool head_source(struct corpus_case *c, struct span rest, struct err *e)
{
    static const char *const origins[] = {
        "nginx/", "uWSGI/", "RFC ", "PEP ", "uwsgi protocol", "contract"};
    struct span parts = rest, part;

    while (span_next(&parts, ';', &part)) {
        bool known = false;

        part = span_trim(part);
        for (size_t i = 0; i < sizeof origins / sizeof origins[0]; i++)
            known |= span_starts(part, span_of(origins[i]));
        if (!known)
            return err_set(e,
                           "source \"%.*s\": expected nginx/VERSION, "
                           "uWSGI/VERSION, RFC N SECTION, PEP N SECTION, "
                           "uwsgi protocol, or contract",
                           SPAN_ARG(part));
    }
    c->source = mem_copy(&c->mem, rest);
    return true;
}

static bool head_hint(struct corpus_case *c, struct span rest, struct err *e)
{
    (void)e;
    c->hint = span_of(mem_printf(&c->mem, "%.*s%s%.*s", SPAN_ARG(c->hint),
                                 c->hint.len ? " " : "", SPAN_ARG(rest)));
    return true;
}

static bool parse_chop(struct chop *chop, struct span word)
{
    uint64_t seed;

    if (span_eq(word, SPAN("whole")))
        chop->mode = CHOP_WHOLE;
    else if (span_eq(word, SPAN("lines")))
        chop->mode = CHOP_LINES;
    else if (span_eq(word, SPAN("bytes")))
        chop->mode = CHOP_BYTES;
    else if (span_starts(word, SPAN("random:")) &&
             span_decimal((struct span){word.ptr + 7, word.len - 7}, &seed))
        *chop = (struct chop){CHOP_RANDOM, (uint32_t)seed};
    else
        return false;
    return true;
}

static bool head_chop(struct corpus_case *c, struct span rest, struct err *e)
{
    while (rest.len) {
        struct span word = case_word(&rest);

        if (c->chop_count == CASE_MAX_CHOPS)
            return err_set(e, "more than %d chops", CASE_MAX_CHOPS - 1);
        if (!parse_chop(&c->chops[c->chop_count++], word))
            return err_set(e,
                           "chop \"%.*s\": expected whole, lines, bytes or "
                           "random:SEED",
                           SPAN_ARG(word));
    }
    return true;
}

static bool head_protocol(struct corpus_case *c, struct span rest,
                          struct err *e)
{
    if (span_eq(rest, SPAN("uwsgi")))
        c->protocol = CASE_UWSGI;
    else if (!span_eq(rest, SPAN("http")))
        return err_set(e, "protocol \"%.*s\": expected http or uwsgi",
                       SPAN_ARG(rest));
    return true;
}

static bool head_option(struct corpus_case *c, struct span rest, struct err *e)
{
    unsigned stages = ~0u, one;
    struct span after = rest;
    bool some = false;

    for (struct span word = case_word(&after); case_stages(word, &one);
         word = case_word(&after)) {
        stages = some ? stages | one : one;
        some = true;
        rest = after;
    }
    if (rest.len == 0)
        return err_set(e, "option without a word for the command line");
    add_line(c, &c->options, &c->option_count, rest)->stages = stages;
    return true;
}

static bool head_app(struct corpus_case *c, struct span rest, struct err *e)
{
    c->app = mem_copy(&c->mem, case_word(&rest));
    c->callable = mem_copy(&c->mem, rest);
    return c->app.len > 0 || err_set(e, "app: expected a file of corpus/apps");
}

static bool head_config(struct corpus_case *c, struct span rest, struct err *e)
{
    static const char *const contexts[CONTEXT_COUNT] = {"main", "events",
                                                        "http", "server"};
    struct span word = case_word(&rest);

    for (int i = 0; i < CONTEXT_COUNT; i++)
        if (span_eq(word, span_of(contexts[i]))) {
            add_line(c, &c->configs, &c->config_count, rest)->at = i;
            return true;
        }
    return err_set(e,
                   "config \"%.*s\": expected main, events, http or "
                   "server before the text",
                   SPAN_ARG(word));
}

static bool head_wait(struct corpus_case *c, struct span rest, struct err *e)
{
    return case_time(rest, &c->wait) ||
           err_set(e, "wait \"%.*s\": expected a time, 500ms or 5s",
                   SPAN_ARG(rest));
}

static bool head_differs(struct corpus_case *c, struct span rest, struct err *e)
{
    const char *colon = span_chr(rest, ':');

    if (!colon || colon + 1 == rest.ptr + rest.len)
        return err_set(e, "differs \"%.*s\": expected SERVER/VERSION: REASON",
                       SPAN_ARG(rest));
    add_line(c, &c->differs, &c->differ_count, rest);
    return true;
}

/* Decodes a path's escapes, and keeps it inside the case's folder. */
static bool parse_path(struct corpus_case *c, struct span word,
                       struct span *path, bool inside, struct err *e)
{
    struct text text = {0};
    struct buf bytes;

    if (!text_parse(&text, &c->mem, word, false, e))
        return false;
    buf_init(&bytes, 4096);
    for (size_t i = 0; i < text.count; i++)
        buf_add_span(&bytes, text.atoms[i].bytes);
    *path = mem_copy(&c->mem, buf_span(&bytes));
    buf_free(&bytes);
    if (inside && ((!span_starts(*path, SPAN("www/")) &&
                    !span_starts(*path, SPAN("apps/"))) ||
                   strstr(path->ptr, "..")))
        return err_set(e,
                       "\"%.*s\": expected a path that begins with www/ or "
                       "apps/",
                       SPAN_ARG(word));
    return true;
}

static bool change_word(struct corpus_case *c, struct tree_change *change,
                        struct span word, struct span *rest, struct err *e)
{
    struct span value;
    uint64_t n;

    if (span_eq(word, SPAN("="))) {
        change->has_text = true;
        value = *rest;
        rest->len = 0;
        return text_parse(&change->text, &c->mem, value, false, e);
    }
    value = case_word(rest);
    if (span_eq(word, SPAN("->")))
        return parse_path(c, value, &change->target, false, e);
    if (span_eq(word, SPAN("mode")) && value.len)
        change->mode = (int)strtol(value.ptr, NULL, 8);
    else if (span_eq(word, SPAN("mtime")) && span_decimal(value, &n))
        change->mtime = (int64_t)n;
    else if (span_eq(word, SPAN("size")) && span_decimal(value, &n))
        change->size = (int64_t)n;
    else
        return err_set(e,
                       "\"%.*s %.*s\": expected mode OCTAL, mtime SECONDS, "
                       "size N, = TEXT, or -> TARGET",
                       SPAN_ARG(word), SPAN_ARG(value));
    return true;
}

static bool add_change(struct corpus_case *c, enum tree_kind kind,
                       struct span rest, struct err *e)
{
    struct tree_change change = {kind, .mode = -1, .mtime = -1, .size = -1};

    if (!parse_path(c, case_word(&rest), &change.path, true, e))
        return false;
    while (rest.len) {
        struct span word = case_word(&rest);

        if (!change_word(c, &change, word, &rest, e))
            return false;
    }
    c->changes =
        mem_grow(&c->mem, c->changes, c->change_count, sizeof *c->changes);
    c->changes[c->change_count++] = change;
    c->needs_tree = true;
    return true;
}

static bool head_file(struct corpus_case *c, struct span rest, struct err *e)
{
    return add_change(c, TREE_FILE, rest, e);
}

static bool head_dir(struct corpus_case *c, struct span rest, struct err *e)
{
    return add_change(c, TREE_DIR, rest, e);
}

static bool head_link(struct corpus_case *c, struct span rest, struct err *e)
{
    return add_change(c, TREE_LINK, rest, e);
}

static const struct {
    const char *word;
    bool (*take)(struct corpus_case *c, struct span rest, struct err *e);
    bool once; /* a second line of this kind is a mistake */
} head_lines[] = {
    {"case", head_case, true},         {"title", head_title, true},
    {"stage", head_stage, true},       {"points", head_points, true},
    {"see", head_see, true},           {"source", head_source, true},
    {"hint", head_hint, false},        {"chop", head_chop, true},
    {"protocol", head_protocol, true}, {"option", head_option, false},
    {"app", head_app, true},           {"config", head_config, false},
    {"file", head_file, false},        {"dir", head_dir, false},
    {"link", head_link, false},        {"wait", head_wait, true},
    {"differs", head_differs, false},
};

#define HEAD_LINES (sizeof head_lines / sizeof head_lines[0])

bool case_head_line(struct corpus_case *c, struct span text, unsigned *seen,
                    bool *known, struct err *e)
{
    struct span rest = text, word = case_word(&rest);

    *known = true;
    for (size_t i = 0; i < HEAD_LINES; i++) {
        if (!span_eq(word, span_of(head_lines[i].word)))
            continue;
        if (c->step_count)
            return err_set(e, "\"%.*s\" stands before the script",
                           SPAN_ARG(word));
        if (head_lines[i].once && (*seen & 1u << i))
            return err_set(e, "a second line \"%.*s\"", SPAN_ARG(word));
        *seen |= 1u << i;
        return head_lines[i].take(c, rest, e);
    }
    *known = false;
    return true;
}

/* What only the whole case can show. */
bool case_head_check(struct corpus_case *c, unsigned seen, struct err *e)
{
    static const char *const required[] = {"case", "stage", "see", "source",
                                           "hint"};

    for (size_t i = 0; i < HEAD_LINES; i++)
        for (size_t k = 0; k < sizeof required / sizeof required[0]; k++)
            if (!(seen & 1u << i) &&
                strcmp(head_lines[i].word, required[k]) == 0)
                return err_set(e, "the line \"%s\" is missing", required[k]);
    if (c->step_count == 0)
        return err_set(e, "there is no script");
    if (c->app.len && (c->stages & 0xe))
        return err_set(e, "an app is for stages 4 to 6");
    if (c->config_count && !(c->stages & 1u << 6))
        return err_set(e, "config is for stage 6");
    if (c->upstreams && (c->stages & ~(1u << 3 | 1u << 6)))
        return err_set(e, "upstreams are for stages 3 and 6");
    if (c->protocol == CASE_UWSGI && (c->stages & ~(7u << 3)))
        return err_set(e, "protocol uwsgi is for stages 3 to 5");
    if (!c->title.len) {
        const char *slash = span_chr(c->name, '/');
        struct span last = {slash ? slash + 1 : c->name.ptr, 0};

        last.len = c->name.len - (size_t)(last.ptr - c->name.ptr);
        c->title = mem_copy(&c->mem, last);
        for (char *p = (char *)c->title.ptr; *p; p++)
            *p = *p == '-' ? ' ' : *p;
    }
    return true;
}
