/* case: a case's file, and what all of its lines are made of. */

#include "case.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FILE (1 << 20)

struct span case_word(struct span *rest)
{
    struct span word = {rest->ptr, 0};

    while (word.len < rest->len && rest->ptr[word.len] != ' ' &&
           rest->ptr[word.len] != '\t')
        word.len++;
    rest->ptr += word.len;
    rest->len -= word.len;
    *rest = span_trim(*rest);
    return word;
}

bool case_stages(struct span list, unsigned *stages)
{
    *stages = 0;
    while (list.len) {
        struct span word = case_word(&list);
        const char *dots = memmem(word.ptr, word.len, "..", 2);
        struct span low = {word.ptr,
                           dots ? (size_t)(dots - word.ptr) : word.len};
        uint64_t from, to = CASE_STAGES;

        if (!span_decimal(low, &from))
            return false;
        if (!dots)
            to = from;
        else if (low.len + 2 < word.len &&
                 !span_decimal((struct span){dots + 2, word.len - low.len - 2},
                               &to))
            return false;
        if (from < 1 || to > CASE_STAGES || from > to)
            return false;
        for (; from <= to; from++)
            *stages |= 1u << from;
    }
    return *stages != 0;
}

bool case_time(struct span text, int64_t *ms)
{
    char number[32];
    char *end;
    double value;

    if (text.len == 0 || text.len >= sizeof number || text.ptr[0] < '0' ||
        text.ptr[0] > '9')
        return false;
    memcpy(number, text.ptr, text.len);
    number[text.len] = '\0';
    value = strtod(number, &end);
    if (value > 3600e3)
        return false;
    if (strcmp(end, "ms") == 0)
        *ms = (int64_t)value;
    else if (strcmp(end, "s") == 0)
        *ms = (int64_t)(value * 1000 + 0.5);
    else
        return false;
    return true;
}

/* Line endings, and blanks at both ends, mean nothing. */
static struct span clean(struct span line)
{
    line = span_trim(line);
    if (line.len && line.ptr[line.len - 1] == '\r')
        line.len--;
    return span_trim(line);
}

static bool take_line(struct corpus_case *c, struct span text, int line,
                      unsigned *seen, struct err *e)
{
    bool known, good = case_head_line(c, text, seen, &known, e);

    return known ? good : case_script_line(c, text, line, e);
}

bool case_parse(struct corpus_case *c, const char *file, struct span name,
                struct span text, struct err *e)
{
    struct span line;
    unsigned seen = 0;
    struct err why;
    int number = 0;
    bool good = true;

    *c = (struct corpus_case){.points = 1, .wait = 3000, .chop_count = 1};
    c->file = mem_printf(&c->mem, "%s", file);
    c->name = mem_copy(&c->mem, name);
    c->hint = SPAN("");
    while (good && span_next(&text, '\n', &line)) {
        number++;
        if (line.len && line.ptr[0] == '#')
            continue;
        line = clean(line);
        for (size_t i = 0; good && i < line.len; i++)
            if ((unsigned char)line.ptr[i] > 0x7e ||
                ((unsigned char)line.ptr[i] < 0x20 && line.ptr[i] != '\t'))
                good = err_set(&why,
                               "byte \\x%02x: a case is ASCII; write it "
                               "as an escape",
                               (unsigned char)line.ptr[i]);
        if (good && line.len)
            good = take_line(c, line, number, &seen, &why);
    }
    if (good && !(good = case_head_check(c, seen, &why)))
        number = 1;
    return good || err_set(e, "%s:%d: %s", file, number, why.text);
}

bool case_read(struct corpus_case *c, const char *file, struct span name,
               struct err *e)
{
    FILE *in = fopen(file, "rb");
    char *text = malloc(MAX_FILE);
    size_t len;
    bool good;

    *c = (struct corpus_case){0};
    if (!in || !text) {
        free(text);
        if (in)
            fclose(in);
        return err_set(e, "%s: cannot read it: %s", file, strerror(errno));
    }
    len = fread(text, 1, MAX_FILE, in);
    fclose(in);
    if (len == MAX_FILE)
        good = err_set(e, "%s: longer than a case may be (1 MiB)", file);
    else
        good = case_parse(c, file, name, (struct span){text, len}, e);
    free(text);
    return good;
}

void case_free(struct corpus_case *c)
{
    mem_free(&c->mem);
}

bool case_recorded(const struct corpus_case *c, const char *server)
{
    struct span parts = c->source, part;

    while (span_next(&parts, ';', &part)) {
        part = span_trim(part);
        if (span_starts(part, span_of(server)) && part.len > strlen(server) &&
            part.ptr[strlen(server)] == '/')
            return true;
    }
    return false;
}

bool case_differs(const struct corpus_case *c, const char *server,
                  struct span *why)
{
    for (size_t i = 0; i < c->differ_count; i++)
        if (span_starts(c->differs[i].text, span_of(server))) {
            *why = c->differs[i].text;
            return true;
        }
    return false;
}
