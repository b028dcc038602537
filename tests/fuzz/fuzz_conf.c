/* fuzz_conf: any bytes are read as a configuration or refused with a message,
 * and a word is never longer than what it was read from. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "conf_lex.h"
#include "module.h"

struct settings {
    int64_t flag, size, time;
    const struct span *text;
};

static void require(int good)
{
    if (!good)
        abort();
}

static bool set_block(struct conf *cf, const struct conf_row *row, void *s)
{
    struct conf_scope *scope = conf_open_scope(cf);

    (void)s;
    return scope != NULL &&
           conf_block(cf, (unsigned)row->fallback, scope, NULL);
}

static bool set_words(struct conf *cf, const struct conf_row *row, void *s)
{
    (void)row, (void)s;
    for (unsigned i = 0; i < cf->count; i++)
        require(cf->words[i].ptr[cf->words[i].len] == '\0');
    return true;
}

#define AT(member) offsetof(struct settings, member)
#define ALL        (CONF_MAIN | CONF_HTTP)

static const struct conf_row rows[] = {
    {"b", ALL, 0, 1, true, set_block, CONF_OTHER, 0, CONF_HTTP, NULL},
    {"t", ALL, 0, 0, true, set_block, CONF_OTHER, 0, CONF_TYPES, NULL},
    CONF_FLAG("f", ALL, AT(flag), 1),
    CONF_SIZE("s", ALL, AT(size), 1, NULL),
    CONF_MSEC("m", ALL, AT(time), 1),
    CONF_TEXT("x", ALL, AT(text)),
    CONF_SETTER("w", ALL, 0, CONF_MANY, set_words),
    CONF_SETTER(CONF_ANY_NAME, CONF_TYPES, 0, 9, set_words),
    {0},
};

static const struct module module = {
    .name = "fuzz", .index = MODULE_INDEX, .rows = rows,
    .settings = sizeof(struct settings)};

static const struct module *const modules[] = {&module, NULL};

static void lex(struct span text)
{
    struct conf_lex l;
    struct span raw;
    bool quoted;
    enum conf_token t;
    size_t seen = 0;

    conf_lex_init(&l, text);
    do {
        t = conf_lex_next(&l, &raw, &quoted);
        if (t == CONF_TOKEN_WORD) {
            char *to = malloc(raw.len ? raw.len : 1);

            require(raw.ptr >= text.ptr &&
                    raw.ptr + raw.len <= text.ptr + text.len);
            require(conf_lex_unescape(to, raw) <= raw.len);
            free(to);
        }
        require(++seen <= text.len + 1);
    } while (t < CONF_TOKEN_END);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = {(const char *)data, size};
    struct arena arena;
    struct err err;
    struct conf cf = {.modules = modules, .arena = &arena, .err = &err};
    char path[64];
    int fd;

    lex(text);
    if (memmem(data, size, "include", 7) != NULL) /* would read real files */
        return 0;
    fd = memfd_create("conf", MFD_CLOEXEC);
    require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    arena_init(&arena, 1024);
    require((conf_read(&cf, path, SPAN("")) == NULL) == (err.text[0] != '\0'));
    arena_free(&arena);
    close(fd);
    return 0;
}
