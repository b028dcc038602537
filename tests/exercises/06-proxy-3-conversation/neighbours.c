/* neighbours: how many pieces the queue makes of bytes. */

#include "unit.h"

#include "chunk.h"
#include "exchange.h"
#include "front_worker.h"
#include "output.h"

static struct front_worker worker;
static struct exchange x;

static void begin(void)
{
    memset(&worker, 0, sizeof worker);
    memset(&x, 0, sizeof x);
    arena_init(&x.arena, 4096);
    x.worker = &worker;
}

static void end(void)
{
    output_clear(&x);
    chunks_free(&worker);
    arena_free(&x.arena);
}

static void test_neighbours(void)
{
    static const char text[] = "abcdef";

    begin();
    CU_ASSERT(output_bytes(&x, (struct span){text, 2}, NULL));
    CU_ASSERT(output_bytes(&x, (struct span){text + 2, 3}, NULL));
    CU_ASSERT_EQUAL(x.out.pieces, 1);
    CU_ASSERT_EQUAL(x.out.queued, 5);
    CU_ASSERT(span_eq(x.out.first->bytes, SPAN("abcde")));
    CU_ASSERT(output_bytes(&x, (struct span){text, 2}, NULL));
    CU_ASSERT_EQUAL(x.out.pieces, 2);
    output_clear(&x);
    CU_ASSERT(output_bytes(&x, (struct span){text + 2, 1}, NULL));
    CU_ASSERT_EQUAL(x.out.pieces, 1);
    end();
}

/* Bytes of a chunk are not those of another, wherever they stand, nor are a
 * file's; and each user counts. */
static void test_chunks(void)
{
    struct front_chunk *a;
    struct piece sized = {.file = -1, .size = "2\r\n"};

    begin();
    a = chunk_new(&worker);
    CU_ASSERT_PTR_NOT_NULL_FATAL(a);
    chunk_use(a);
    CU_ASSERT(output_bytes(&x, (struct span){a->bytes, 4}, a));
    CU_ASSERT(output_bytes(&x, (struct span){a->bytes + 4, 4}, NULL));
    CU_ASSERT_EQUAL(x.out.pieces, 2);
    output_clear(&x);
    CU_ASSERT_EQUAL(a->users, 1);
    CU_ASSERT(output_bytes(&x, (struct span){a->bytes, 4}, a));
    CU_ASSERT(output_bytes(&x, (struct span){a->bytes + 4, 4}, a));
    CU_ASSERT_EQUAL(x.out.pieces, 1);
    output_clear(&x);
    CU_ASSERT_EQUAL(a->users, 1);
    sized.bytes = (struct span){sized.size, 3};
    CU_ASSERT(output_add(&x, &sized));
    CU_ASSERT(output_add(&x, &sized));
    CU_ASSERT_EQUAL(x.out.pieces, 2);
    CU_ASSERT(output_add(&x, &(struct piece){.file = 0, .left = 1 << 20}));
    CU_ASSERT(output_add(&x, &(struct piece){.file = 0, .left = 1 << 20}));
    CU_ASSERT_EQUAL(x.out.pieces, 4);
    chunk_drop(&worker, a);
    end();
}

UNIT_MAIN("neighbours", {"neighbours", test_neighbours},
          {"chunks", test_chunks})
