/* arena: blocks in a list, and a pointer that moves through the newest.
 *
 * An allocation is an addition and a comparison.  What does not fit into a
 * block of its own accord gets one made to measure, which goes behind the
 * newest, so that the rest of that one is not lost. */

#include "arena.h"

#include <errno.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
    struct arena_block *next;
    size_t size; /* of bytes */
    alignas(max_align_t) char bytes[];
};

struct arena_cleanup {
    struct arena_cleanup *next;
    void (*run)(void *what);
    void *what;
};

void arena_init(struct arena *a, size_t block_size)
{
    *a = (struct arena){.block_size = block_size};
}

/* The latest first, because what came later may use what came earlier. */
static void run_cleanups(struct arena *a)
{
    struct arena_cleanup *c;

    while ((c = a->cleanups) != NULL) {
        a->cleanups = c->next;
        c->run(c->what);
    }
}

/* The block that stays must be an ordinary one: a single large request must
 * not make a worker large for good. */
void arena_reset(struct arena *a)
{
    struct arena_block *b, *kept = NULL;

    run_cleanups(a);
    while ((b = a->blocks) != NULL) {
        a->blocks = b->next;
        if (kept == NULL && b->size == a->block_size && BYTES_KEPT(1))
            kept = b;
        else
            free(b);
    }
    arena_init(a, a->block_size);
    if (kept == NULL)
        return;
    kept->next = NULL;
    a->blocks = kept;
    a->next = kept->bytes;
    a->end = kept->bytes + kept->size;
}

void arena_free(struct arena *a)
{
    arena_reset(a);
    free(a->blocks);
    arena_init(a, a->block_size);
}

static struct arena_block *new_block(size_t size)
{
    struct arena_block *b = NULL;

    if (size <= SIZE_MAX - sizeof *b)
        b = malloc(sizeof *b + size);
    if (b == NULL)
        errno = ENOMEM;
    else
        b->size = size;
    return b;
}

/* A block for this one allocation, behind the newest. */
static void *alloc_large(struct arena *a, size_t n)
{
    struct arena_block *b = new_block(n);

    if (b == NULL)
        return NULL;
    if (a->blocks == NULL) {
        b->next = NULL;
        a->blocks = b;
    } else {
        b->next = a->blocks->next;
        a->blocks->next = b;
    }
    return b->bytes;
}

/* The size of a piece of n bytes: the next one is aligned too. */
static size_t whole_steps(size_t n)
{
    const size_t step = alignof(max_align_t);

    return n == 0 ? step : (n + step - 1) / step * step;
}

void *arena_alloc(struct arena *a, size_t n)
{
    struct arena_block *b;
    char *p;

    if (n > SIZE_MAX - alignof(max_align_t)) {
        errno = ENOMEM;
        return NULL;
    }
    n = whole_steps(n);
    if (n > (size_t)(a->end - a->next)) {
        if (n > a->block_size)
            return alloc_large(a, n);
        b = new_block(a->block_size);
        if (b == NULL)
            return NULL;
        b->next = a->blocks;
        a->blocks = b;
        a->next = b->bytes;
        a->end = b->bytes + b->size;
    }
    p = a->next;
    a->next += n;
    return p;
}

void *arena_zalloc(struct arena *a, size_t n)
{
    void *p = arena_alloc(a, n);

    return p == NULL ? NULL : memset(p, 0, n);
}

struct span arena_copy(struct arena *a, struct span s)
{
    char *p = s.len == SIZE_MAX ? NULL : arena_alloc(a, s.len + 1);

    if (p == NULL)
        return (struct span){NULL, 0};
    if (s.len > 0)
        memcpy(p, s.ptr, s.len);
    p[s.len] = '\0';
    return (struct span){p, s.len};
}

/* In place where nothing was handed out behind it and the block has room: cap
 * is a number of whole steps, for it doubles from one. */
static void *text_grow(struct buf *text, size_t cap)
{
    struct arena *a = text->keeper;
    char *p = text->ptr;

    if (p != NULL && p + text->cap == a->next &&
        cap <= (size_t)(a->end - p)) {
        a->next = p + cap;
        return p;
    }
    p = arena_alloc(a, cap);
    if (p == NULL)
        *text = (struct buf){.grow = text_grow, .keeper = a}; /* max is 0 */
    else if (text->len > 0)
        memcpy(p, text->ptr, text->len);
    return p;
}

struct buf arena_text(struct arena *a)
{
    return (struct buf){.max = SIZE_MAX, .grow = text_grow, .keeper = a};
}

struct span arena_text_end(struct buf *text)
{
    struct arena *a = text->keeper;

    if (!buf_add_char(text, '\0'))
        return (struct span){NULL, 0};
    if (text->ptr + text->cap == a->next)
        a->next = text->ptr + whole_steps(text->len);
    return (struct span){text->ptr, text->len - 1};
}

struct span arena_printf(struct arena *a, const char *format, ...)
{
    struct buf text = arena_text(a);
    va_list args;
    bool good;

    va_start(args, format);
    good = buf_reserve(&text, 1) && buf_vprintf(&text, format, args);
    va_end(args);
    return good ? arena_text_end(&text) : (struct span){NULL, 0};
}

bool arena_on_reset(struct arena *a, void (*run)(void *what), void *what)
{
    struct arena_cleanup *c = arena_alloc(a, sizeof *c);

    if (c == NULL) {
        run(what);
        return false;
    }
    *c = (struct arena_cleanup){a->cleanups, run, what};
    a->cleanups = c;
    return true;
}
