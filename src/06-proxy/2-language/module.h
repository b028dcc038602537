/* module: what a feature of the front is: one const struct.
 *
 * A module brings directives and what they set, variables, handlers in the
 * phases of a request, a filter of answers, and what it keeps for an exchange.
 * All modules stand in one list (7-process/modules.c), and whoever needs a part
 * of theirs walks it: taking a module out of the list takes the feature away
 * and nothing else.  A member that is left out is one that the module does not
 * bring. */

#ifndef STRATA_MODULE_H
#define STRATA_MODULE_H

#include "conf.h"

struct buf;
struct exchange;
struct piece;

/* The phases of a request, by nginx's names and in its order. */
enum phase {
    SERVER_REWRITE,
    FIND_LOCATION,
    REWRITE,
    POST_REWRITE,
    PREACCESS,
    ACCESS,
    POST_ACCESS,
    PRECONTENT,
    CONTENT,
    LOG,
    PHASES
};

/* What a handler says: one of these, or a status of 100 and more to answer. */
enum {
    NEXT_HANDLER, /* it was not for me */
    NEXT_PHASE,   /* it was, and the others of this phase need not be asked */
    RESTART,      /* the URI is another: from FIND_LOCATION on */
    WAITING,      /* I shall call phases_run when I know */
    ANSWERED      /* the answer has begun, or will without more asking */
};

/* A list of handlers ends with run NULL. */
struct handler {
    enum phase phase;
    int (*run)(struct exchange *x);
};

/* A name after a "$".  A list ends with name NULL. */
struct variable {
    const char *name; /* one that ends in "_" covers all names that begin so */
    /* The value; ptr NULL when there is none ("-" in a log, "" elsewhere).
     * `rest` is what follows the prefix ("x" of $arg_x), or else the name. */
    struct span (*get)(struct exchange *x, struct span rest);
};

/* What became of a piece of a body that was handed to a filter. */
enum filtered {
    FILTER_OK,    /* taken, all of it */
    FILTER_FULL,  /* its rest is offered again when the queue has drained */
    FILTER_FAILED /* the answer cannot be completed */
};

/* The head function may change the fields of the answer before they are sent.
 * The body function takes one piece (memory, a part of a file, or the end) and
 * hands on what it makes of it by filter_next; it is asked only where the head
 * function has called filter_join (3-conversation/filters.h). */
struct filter {
    /* Which variant of the whole, a 200, this client gets; may be NULL. */
    void (*choose)(struct exchange *x);
    bool (*head)(struct exchange *x);
    enum filtered (*body)(struct exchange *x, struct piece *piece);
};

struct module {
    const char *name;
    unsigned *index; /* MODULE_INDEX */
    /* One that stands before it and whose functions it calls: where that is
     * not in the list, this one is as if it were not either.  NULL: none. */
    const struct module *needs;

    const struct conf_row *rows;
    size_t settings; /* bytes in each scope; 0: none */
    /* After conf_merge has filled one scope's settings from its parent's
     * (parent NULL: the outermost): defaults that are no numbers, checks
     * across settings. */
    bool (*finish)(struct conf *cf, void *settings, const void *parent);
    /* Behind the http block, when all names and addresses are known. */
    bool (*check)(struct conf *cf);

    const struct variable *variables;
    const struct handler *handlers;
    const struct filter *filter;

    size_t state; /* bytes in each exchange, zeroed; 0: none */
    void (*end)(struct exchange *x, void *state); /* the exchange is over */
    /* Answers in place of the page of a status (error_page): a verdict as a
     * handler's; NEXT_HANDLER: not for me. */
    int (*error)(struct exchange *x, int status);
    /* Adds to a line of the error log what this exchange is about. */
    void (*about)(const struct exchange *x, struct buf *line);
    /* A word of `listen` that the site does not know; false: nor do I. */
    bool (*listen)(struct conf *cf, struct span word, void *listen);
};

/* The struct is const, so its place in the list, which conf_read notes, lies
 * beside it: settings are found by one load more than the scope's own. */
#define MODULE_INDEX (&(unsigned){0})

/* The settings of `module` in a scope, as a pointer to its struct. */
#define CONF_OF(scope, module) ((scope)->settings[*(module)->index])

/* Those of the main scope, around this and all others: there a module keeps
 * what the whole configuration has once, groups and formats and zones. */
static inline void *conf_main(const struct conf_scope *scope,
                              const struct module *module)
{
    while (scope->parent != NULL)
        scope = scope->parent;
    return CONF_OF(scope, module);
}

/* For conf_read.  This scope's settings have a value in the row's slot. */
bool conf_is_set(const struct conf_row *row, const void *settings);

/* After the last file: what a scope left unset it takes from the scope around
 * it, and each module finishes its part; outer scopes first.  False with
 * cf->err set. */
bool conf_finish_scopes(struct conf *cf);

#endif
