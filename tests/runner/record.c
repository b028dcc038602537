/* record: only lines that no longer hold are written anew; a pattern that
 * still matches stays. */

#include "record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct edit {
    int line, last;
    const char *text;
};

static const struct edit *find_edit(const struct edit *edits, size_t count,
                                    int line)
{
    for (size_t i = 0; i < count; i++)
        if (line >= edits[i].line && line <= edits[i].last)
            return &edits[i];
    return NULL;
}

/* Copies the file, its edited lines replaced. */
static void copy_edited(FILE *in, FILE *fresh, FILE *out, const char *name,
                        const struct edit *edits, size_t count)
{
    char *line = NULL;
    size_t size = 0;
    int number = 0;

    while (getline(&line, &size, in) >= 0) {
        const struct edit *edit = find_edit(edits, count, ++number);

        line[strcspn(line, "\r\n")] = '\0';
        if (!edit) {
            fprintf(fresh, "%s\n", line);
            continue;
        }
        fprintf(out, "%s:%d\n    - %s\n", name, number, line);
        if (number != edit->line)
            continue;
        fprintf(out, "    + %s\n", edit->text);
        fprintf(fresh, "%s\n", edit->text);
    }
    free(line);
}

bool record_apply(const struct corpus_case *c, const struct result *r,
                  FILE *out, struct err *e)
{
    size_t count = json_array_size(r->corrections);
    struct mem m = {0};
    struct edit *edits;
    char *path;
    FILE *in, *fresh;
    bool good;

    if (count == 0)
        return true;
    edits = mem_alloc(&m, count * sizeof *edits);
    path = mem_printf(&m, "%s.new", c->file);
    for (size_t i = 0; i < count; i++)
        json_unpack(json_array_get(r->corrections, i), "[iis]", &edits[i].line,
                    &edits[i].last, &edits[i].text);
    in = fopen(c->file, "re");
    fresh = fopen(path, "we");
    good = in && fresh;
    if (good)
        copy_edited(in, fresh, out, c->file, edits, count);
    if (in)
        fclose(in);
    if (fresh && fclose(fresh) != 0)
        good = false;
    if (!good || rename(path, c->file) != 0)
        good = err_set(e, "cannot write %s: %s", c->file, strerror(errno));
    mem_free(&m);
    return good;
}
