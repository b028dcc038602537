/* mark: what was handed out since a mark goes, and nothing else. */

#include "unit.h"

#include "arena.h"

#include <malloc.h>

static char ran[8];

static void note(void *what)
{
    strcat(ran, what);
}

static void test_pieces(void)
{
    struct arena_mark mark;
    struct arena a;
    char *kept, *first;

    arena_init(&a, 256);
    kept = arena_alloc(&a, 16);
    strcpy(kept, "kept");
    mark = arena_mark(&a);
    first = arena_alloc(&a, 16);
    for (int i = 0; i < 100; i++)
        memset(arena_alloc(&a, 100), 'x', 100);
    arena_rewind(&a, mark);
    CU_ASSERT_PTR_EQUAL(arena_alloc(&a, 16), first);
    CU_ASSERT_STRING_EQUAL(kept, "kept");
    arena_free(&a);
}

/* Large pieces stand behind the newest block, before a mark and after it.  The
 * blocks are too large for malloc to keep them as if they were in use. */
static void test_memory(void)
{
    struct arena_mark mark;
    struct arena a;
    size_t before;
    char *old;

    arena_init(&a, 4096);
    arena_alloc(&a, 16);
    old = arena_alloc(&a, 8000);
    strcpy(old, "old");
    mark = arena_mark(&a);
    before = mallinfo2().uordblks;
    arena_alloc(&a, 5000);
    arena_alloc(&a, 3000);
    arena_alloc(&a, 3000);
    arena_alloc(&a, 7000);
    arena_rewind(&a, mark);
    CU_ASSERT_EQUAL(mallinfo2().uordblks, before);
    CU_ASSERT_STRING_EQUAL(old, "old");
    arena_free(&a);
}

static void test_empty(void)
{
    struct arena_mark mark;
    struct arena a;
    size_t before = mallinfo2().uordblks;

    arena_init(&a, 4096);
    mark = arena_mark(&a);
    arena_alloc(&a, 10000);
    arena_alloc(&a, 10);
    arena_rewind(&a, mark);
    CU_ASSERT_EQUAL(mallinfo2().uordblks, before);
    CU_ASSERT_PTR_NOT_NULL(arena_alloc(&a, 10));
    arena_free(&a);
}

static void test_cleanups(void)
{
    struct arena_mark mark;
    struct arena a;

    ran[0] = '\0';
    arena_init(&a, 256);
    arena_on_reset(&a, note, "a");
    mark = arena_mark(&a);
    arena_on_reset(&a, note, "b");
    arena_on_reset(&a, note, "c");
    arena_rewind(&a, mark);
    CU_ASSERT_STRING_EQUAL(ran, "cb");
    arena_free(&a);
    CU_ASSERT_STRING_EQUAL(ran, "cba");
}

UNIT_MAIN("mark", {"pieces", test_pieces}, {"memory", test_memory},
          {"empty", test_empty}, {"cleanups", test_cleanups})
