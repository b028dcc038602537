/* conf_file: a configuration given as text, read from a temporary file. */

#ifndef STRATA_TEST_CONF_FILE_H
#define STRATA_TEST_CONF_FILE_H

#include "module.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct conf_file_test {
    struct arena arena;
    struct conf cf;
    struct err err;
    char path[64];
};

/* Reads the text as these modules do, of which the last is NULL; NULL where it
 * is refused, with t->err saying why. */
static inline struct conf_scope *
conf_file_read(struct conf_file_test *t, const struct module *const *modules,
               const char *text)
{
    int fd;
    struct conf_scope *scope;

    memset(t, 0, sizeof *t);
    strcpy(t->path, "/tmp/strata-test-XXXXXX");
    fd = mkstemp(t->path);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        return NULL;
    close(fd);
    arena_init(&t->arena, 4096);
    t->cf.modules = modules;
    t->cf.arena = &t->arena;
    t->cf.prefix = t->cf.conf_dir = SPAN("/tmp/");
    t->cf.access_log = SPAN("access.log");
    t->cf.body_temp = SPAN("body");
    t->cf.err = &t->err;
    scope = conf_read(&t->cf, t->path, (struct span){"", 0});
    unlink(t->path);
    return scope;
}

static inline void conf_file_free(struct conf_file_test *t)
{
    arena_free(&t->arena);
}

/* The message, without " in FILE:LINE" at its end. */
static inline const char *conf_file_error(struct conf_file_test *t)
{
    char *place = strstr(t->err.text, " in /tmp/strata-test-");

    if (place != NULL)
        *place = '\0';
    return t->err.text;
}

#endif
