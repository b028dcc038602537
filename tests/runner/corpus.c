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

/* Which real server stands in for a stage's program.  An application's case is
 * recorded from its host, not from the front before it, so uWSGI is first. */
static const struct {
    const char *server;
    int stage;
    const char *adapter;
} stand_ins[] = {
    {"uWSGI", 4, "real-uwsgi"},        {"uWSGI", 5, "real-uwsgi"},
    {"nginx", 2, "real-nginx-static"}, {"nginx", 3, "real-nginx-gateway"},
    {"nginx", 6, "real-nginx"},
};

#define STAND_INS (sizeof stand_ins / sizeof stand_ins[0])

/* True when a case names the server, as its source or as what it differs
 * from; *why is then the reason. */
static bool names_server(const struct corpus_case *c, const char *server,
                         struct span *why)
{
    *why = SPAN("");
    return case_differs(c, server, why) || case_recorded(c, server);
}

/* The stages at which a server is asked.  A case that names none of them, such
 * as one of the echo's refusals, goes to the simplest. */
static unsigned server_stages(const struct corpus_case *c, const char *server)
{
    unsigned all = 0, first = 0;

    for (size_t i = 0; i < STAND_INS; i++) {
        unsigned bit = 1u << stand_ins[i].stage;

        if (strcmp(stand_ins[i].server, server) != 0 ||
            (stand_ins[i].stage == 3 && c->protocol == CASE_UWSGI))
            continue;
        first = first ? first : bit;
        all |= c->stages & bit;
    }
    return all ? all : first;
}

static void add_stand_in(struct jobs *jobs, const struct corpus_case *c,
                         size_t i, const char *adapters, struct span why)
{
    char **program = mem_alloc(&jobs->mem, 2 * sizeof *program);
    struct job *job;

    program[0] =
        mem_printf(&jobs->mem, "%s/%s", adapters, stand_ins[i].adapter);
    job = add_job(jobs, c, stand_ins[i].stage, program);
    job->name = mem_printf(&jobs->mem, "%s (stage %d)", c->name.ptr,
                           stand_ins[i].stage);
    job->skip = why;
}

void jobs_verify(struct jobs *jobs, const struct corpus *corpus,
                 const char *adapters, const char *prefixes, bool once)
{
    for (size_t k = 0; k < corpus->count; k++) {
        const struct corpus_case *c = corpus->cases[k];
        struct span why;

        if (!corpus_selected(c->name, prefixes))
            continue;
        for (size_t i = 0; i < STAND_INS; i++) {
            if (!names_server(c, stand_ins[i].server, &why) ||
                !(server_stages(c, stand_ins[i].server) &
                  1u << stand_ins[i].stage) ||
                (once && why.len))
                continue;
            add_stand_in(jobs, c, i, adapters, why);
            if (once)
                break;
        }
    }
}

void jobs_free(struct jobs *jobs)
{
    mem_free(&jobs->mem);
}
