/* corpus: finding and choosing cases. */

#include "corpus.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    struct corpus *corpus;
    const char *folder;
    bool hidden;
    int mistakes;
};

static void add_case(struct reader *x, const char *below)
{
    struct mem m = {0};
    size_t len = strlen(below) - strlen(".case");
    char *file = mem_printf(&m, "%s/%s", x->folder, below);
    struct corpus_case *c = calloc(1, sizeof *c);
    struct corpus_case **more = realloc(
        x->corpus->cases, (x->corpus->count + 1) * sizeof *x->corpus->cases);
    struct err e;

    if (!c || !more)
        abort();
    x->corpus->cases = more;
    if (case_read(c, file, (struct span){below, len}, &e)) {
        c->hidden = x->hidden;
        more[x->corpus->count++] = c;
    } else {
        fprintf(stderr, "%s\n", e.text);
        x->mistakes++;
        case_free(c);
        free(c);
    }
    mem_free(&m);
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Folder by folder, name by name; cases at the top only where hidden. */
static bool read_folder(struct reader *x, const char *below, int depth)
{
    struct mem m = {0};
    struct dirent **list;
    int n = scandir(mem_printf(&m, "%s/%s", x->folder, below), &list,
                    is_visible, alphasort);

    for (int i = 0; i < n; i++) {
        const char *name = list[i]->d_name;
        char *path = mem_printf(&m, "%s%s%s", below, *below ? "/" : "", name);

        if (span_ends(span_of(name), SPAN(".case")) &&
            (depth == 1 || x->hidden))
            add_case(x, path);
        else if (depth == 0)
            read_folder(x, path, depth + 1);
        free(list[i]);
    }
    if (n >= 0)
        free(list);
    mem_free(&m);
    return n >= 0;
}

bool corpus_read(struct corpus *corpus, const char *folder, bool hidden,
                 struct err *e)
{
    struct reader x = {corpus, folder, hidden, 0};

    if (!read_folder(&x, "", 0))
        return err_set(e, "cannot read the folder %s: %s", folder,
                       strerror(errno));
    if (x.mistakes)
        return err_set(e, "%d case%s in %s cannot be read", x.mistakes,
                       x.mistakes == 1 ? "" : "s", folder);
    return true;
}

void corpus_free(struct corpus *corpus)
{
    for (size_t i = 0; i < corpus->count; i++) {
        case_free(corpus->cases[i]);
        free(corpus->cases[i]);
    }
    free(corpus->cases);
    *corpus = (struct corpus){0};
}

bool corpus_selected(struct span name, const char *prefixes)
{
    struct span rest = span_trim(span_of(prefixes ? prefixes : ""));

    if (rest.len == 0)
        return true;
    while (rest.len)
        if (span_starts(name, case_word(&rest)))
            return true;
    return false;
}

static struct job *add_job(struct jobs *jobs, const struct corpus_case *c,
                           int stage, char *const *program)
{
    jobs->list =
        mem_grow(&jobs->mem, jobs->list, jobs->count, sizeof *jobs->list);
    jobs->list[jobs->count] =
        (struct job){c, stage, program, c->name.ptr, SPAN_INIT("")};
    return &jobs->list[jobs->count++];
}

void jobs_grade(struct jobs *jobs, const struct corpus *corpus, int stage,
                char *const *program, const char *prefixes)
{
    int hidden = 0;

    for (size_t i = 0; i < corpus->count; i++) {
        const struct corpus_case *c = corpus->cases[i];
        struct job *job;

        if (!(c->stages & 1u << stage) || !corpus_selected(c->name, prefixes))
            continue;
        job = add_job(jobs, c, stage, program);
        if (c->hidden)
            job->name = mem_printf(&jobs->mem, "hidden-%d", ++hidden);
    }
}

/* Which real server stands in for a stage's program. */
static const struct {
    const char *server;
    int stage;
    const char *adapter;
} stand_ins[] = {
    {"nginx", 2, "real-nginx-static"}, {"nginx", 3, "real-nginx-gateway"},
    {"nginx", 6, "real-nginx"},        {"uWSGI", 4, "real-uwsgi"},
    {"uWSGI", 5, "real-uwsgi"},
};

#define STAND_INS (sizeof stand_ins / sizeof stand_ins[0])

static void verify_case(struct jobs *jobs, const struct corpus_case *c,
                        const char *server, unsigned stages,
                        const char *adapters)
{
    for (size_t k = 0; k < STAND_INS; k++) {
        int stage = stand_ins[k].stage;
        char **program;
        struct job *job;

        if (strcmp(server, stand_ins[k].server) != 0 ||
            !(stages & 1u << stage) ||
            (stage == 3 && c->protocol == CASE_UWSGI))
            continue;
        program = mem_alloc(&jobs->mem, 2 * sizeof *program);
        program[0] =
            mem_printf(&jobs->mem, "%s/%s", adapters, stand_ins[k].adapter);
        job = add_job(jobs, c, stage, program);
        job->name = mem_printf(&jobs->mem, "%s (stage %d)", c->name.ptr, stage);
        case_differs(c, server, &job->skip);
    }
}

void jobs_verify(struct jobs *jobs, const struct corpus *corpus,
                 const char *adapters, const char *prefixes)
{
    for (size_t i = 0; i < corpus->count; i++) {
        const struct corpus_case *c = corpus->cases[i];
        unsigned nginx = c->stages & (1u << 2 | 1u << 3 | 1u << 6);
        unsigned uwsgi = c->stages & (1u << 4 | 1u << 5);

        if (!corpus_selected(c->name, prefixes))
            continue;
        /* A case that none of a server's stages names, such as one of the
         * echo's refusals, is played to the simplest of them. */
        if (case_recorded(c, "nginx") ||
            case_differs(c, "nginx", &(struct span){0}))
            verify_case(jobs, c, "nginx", nginx ? nginx : 1u << 2, adapters);
        if (case_recorded(c, "uWSGI") ||
            case_differs(c, "uWSGI", &(struct span){0}))
            verify_case(jobs, c, "uWSGI", uwsgi ? uwsgi : 1u << 4, adapters);
    }
}

void jobs_free(struct jobs *jobs)
{
    mem_free(&jobs->mem);
}
