/* arena: alignment, large pieces, what a reset keeps, the order of cleanups. */

#include "unit.h"

#include "arena.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

static void aligned_and_apart(void)
{
    struct arena a;
    char *before = NULL;

    arena_init(&a, 256);
    for (size_t n = 0; n < 300; n++) {
        char *p = arena_alloc(&a, n);

        CU_ASSERT_PTR_NOT_NULL_FATAL(p);
        CU_ASSERT_EQUAL((uintptr_t)p % _Alignof(max_align_t), 0);
        CU_ASSERT_PTR_NOT_EQUAL(p, before);
        memset(p, 0x55, n); /* the sanitizer sees what reaches too far */
        before = p;
    }
    arena_free(&a);
}

static void zeroed(void)
{
    struct arena a;
    char *p;

    arena_init(&a, 64);
    memset(arena_alloc(&a, 48), 0xff, 48);
    arena_reset(&a);
    p = arena_zalloc(&a, 48);
    for (int i = 0; i < 48; i++)
        CU_ASSERT_EQUAL(p[i], 0);
    arena_free(&a);
}

/* A large piece goes behind the newest block, whose rest stays in use. */
static void large_pieces(void)
{
    struct arena a;
    char *small, *next;

    arena_init(&a, 64);
    CU_ASSERT_PTR_NOT_NULL(arena_alloc(&a, 1000));
    small = arena_alloc(&a, 16);
    memset(arena_alloc(&a, 5000), 1, 5000);
    next = arena_alloc(&a, 16);
    CU_ASSERT_PTR_EQUAL(next, small + 16);
    arena_free(&a);
}

static void refused(void)
{
    struct arena a;
    struct span s;

    arena_init(&a, 64);
    errno = 0;
    CU_ASSERT_PTR_NULL(arena_alloc(&a, SIZE_MAX));
    CU_ASSERT_EQUAL(errno, ENOMEM);
    CU_ASSERT_PTR_NULL(arena_alloc(&a, SIZE_MAX - 20));
    CU_ASSERT_PTR_NULL(arena_zalloc(&a, SIZE_MAX - 15));
    s = arena_copy(&a, (struct span){"", SIZE_MAX});
    CU_ASSERT_PTR_NULL(s.ptr);
    CU_ASSERT_PTR_NOT_NULL(arena_alloc(&a, 8));
    arena_free(&a);
}

static void reset_keeps_one_block(void)
{
    struct arena a;
    char *first;

    arena_init(&a, 128);
    arena_alloc(&a, 4000);
    for (int i = 0; i < 20; i++)
        arena_alloc(&a, 100);
    arena_reset(&a);
    CU_ASSERT_EQUAL(a.blocks != NULL, BYTES_KEPT(1));
    CU_ASSERT_EQUAL(a.end - a.next, BYTES_KEPT(128));
    first = arena_alloc(&a, 16);
    arena_reset(&a);
    CU_ASSERT_EQUAL((char *)arena_alloc(&a, 16) == first, BYTES_KEPT(1));
    arena_free(&a);
    CU_ASSERT_PTR_NULL(a.blocks);
    CU_ASSERT_PTR_NOT_NULL(arena_alloc(&a, 16)); /* may be used again */
    arena_free(&a);
}

static void copies(void)
{
    struct arena a;
    char long_text[600];
    struct span s;

    arena_init(&a, 64);
    s = arena_copy(&a, SPAN("a\0b"));
    CU_ASSERT_EQUAL(s.len, 3);
    CU_ASSERT_EQUAL(memcmp(s.ptr, "a\0b", 4), 0);
    s = arena_copy(&a, (struct span){NULL, 0});
    CU_ASSERT_EQUAL(s.len, 0);
    CU_ASSERT_STRING_EQUAL(s.ptr, "");
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    s = arena_printf(&a, "%s:%d", long_text, 42);
    CU_ASSERT_EQUAL(s.len, sizeof long_text - 1 + 3);
    CU_ASSERT_STRING_EQUAL(s.ptr + s.len - 3, ":42");
    arena_free(&a);
}

/* A text grows where it is, past what was handed out behind it, and into a
 * block of its own; in the end what it has not used is free again. */
static void texts(void)
{
    struct arena a;
    struct buf text, other;
    struct span s, t;

    arena_init(&a, 4096);
    text = arena_text(&a);
    s = arena_text_end(&text);
    CU_ASSERT_EQUAL(s.len, 0);
    CU_ASSERT_STRING_EQUAL(s.ptr, "");
    text = arena_text(&a);
    buf_printf(&text, "%0*d", 511, 1);
    other = text;
    buf_add_char(&text, 'x');
    buf_add_char(&text, 'y');
    CU_ASSERT_PTR_EQUAL(text.ptr, other.ptr); /* nothing stands behind it */
    CU_ASSERT_EQUAL(text.len, 513);
    s = arena_text_end(&text);
    CU_ASSERT_STRING_EQUAL(s.ptr + 510, "1xy");
    CU_ASSERT_PTR_EQUAL(arena_alloc(&a, 1), s.ptr + 528);

    text = arena_text(&a);
    buf_add_text(&text, "outer");
    other = arena_text(&a);
    buf_add_text(&other, "inner");
    t = arena_text_end(&other);
    for (int i = 0; i < 5000; i++)
        buf_add_char(&text, 'o');
    s = arena_text_end(&text);
    CU_ASSERT_STRING_EQUAL(t.ptr, "inner");
    CU_ASSERT_EQUAL(s.len, 5005);
    CU_ASSERT_EQUAL(memcmp(s.ptr, "outeroo", 7), 0);
    CU_ASSERT_STRING_EQUAL(s.ptr + 5000, "ooooo");
    arena_free(&a);
}

/* What could not be appended takes all with it: no beginning of a text, and no
 * end, passes for the text. */
static void text_without_memory(void)
{
    struct arena a;
    struct buf text;
    struct span s;

    arena_init(&a, 1024);
    text = arena_text(&a);
    CU_ASSERT_TRUE(buf_add_text(&text, "http://"));
    CU_ASSERT_FALSE(buf_reserve(&text, SIZE_MAX - 600));
    CU_ASSERT_EQUAL(text.len, 0);
    CU_ASSERT_FALSE(buf_add_char(&text, '/'));
    CU_ASSERT_FALSE(buf_printf(&text, "%d", 1));
    CU_ASSERT_TRUE(buf_add(&text, "", 0));
    s = arena_text_end(&text);
    CU_ASSERT_PTR_NULL(s.ptr);
    CU_ASSERT_EQUAL(s.len, 0);
    arena_free(&a);

    arena_init(&a, SIZE_MAX - 8); /* no such block can be had */
    text = arena_text(&a);
    s = arena_text_end(&text);
    CU_ASSERT_PTR_NULL(s.ptr);
    CU_ASSERT_PTR_NULL(arena_printf(&a, "%d", 1).ptr);
    arena_free(&a);
}

static char order[8];

static void note(void *what)
{
    strcat(order, what);
}

static void cleanups_latest_first(void)
{
    struct arena a;

    order[0] = '\0';
    arena_init(&a, 64);
    CU_ASSERT_TRUE(arena_on_reset(&a, note, "a"));
    CU_ASSERT_TRUE(arena_on_reset(&a, note, "b"));
    CU_ASSERT_TRUE(arena_on_reset(&a, note, "c"));
    arena_reset(&a);
    CU_ASSERT_STRING_EQUAL(order, "cba");
    arena_reset(&a); /* once only */
    CU_ASSERT_STRING_EQUAL(order, "cba");
    CU_ASSERT_TRUE(arena_on_reset(&a, note, "d"));
    arena_free(&a);
    CU_ASSERT_STRING_EQUAL(order, "cbad");
}

/* Where the memory is out the cleanup has been made at once. */
static void cleanup_without_memory(void)
{
    struct arena a;

    order[0] = '\0';
    arena_init(&a, SIZE_MAX - 8); /* no such block can be had */
    CU_ASSERT_FALSE(arena_on_reset(&a, note, "x"));
    CU_ASSERT_STRING_EQUAL(order, "x");
    arena_free(&a);
}

UNIT_MAIN("arena", {"aligned_and_apart", aligned_and_apart},
          {"zeroed", zeroed}, {"large_pieces", large_pieces},
          {"refused", refused},
          {"reset_keeps_one_block", reset_keeps_one_block},
          {"copies", copies}, {"texts", texts},
          {"text_without_memory", text_without_memory},
          {"cleanups_latest_first", cleanups_latest_first},
          {"cleanup_without_memory", cleanup_without_memory})
