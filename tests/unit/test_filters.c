/* test_filters: the chain between an answer and its queue. */

#include "answer.h"
#include "chunk.h"
#include "exchange.h"
#include "filters.h"
#include "front_worker.h"
#include "hooks.h"
#include "output.h"
#include "unit.h"

static struct front_worker worker;
static struct exchange x;
static struct arena arena;
static bool doubles, counts, refuses; /* which take part, or say no */
static unsigned room;                 /* bytes that `count` still takes */

static bool double_head(struct exchange *e)
{
    return !doubles || filter_join(e);
}

/* Each piece twice. */
static enum filtered double_body(struct exchange *e, struct piece *piece)
{
    struct piece copy = *piece;

    if (!piece->end && !filter_next(e, &copy))
        return FILTER_FAILED;
    return filter_next(e, piece) ? FILTER_OK : FILTER_FAILED;
}

static bool count_head(struct exchange *e)
{
    return !refuses && (!counts || filter_join(e));
}

/* Takes as many bytes as there is room, one at a time. */
static enum filtered count_body(struct exchange *e, struct piece *piece)
{
    for (; piece->bytes.len > 0; span_skip(&piece->bytes, 1)) {
        struct piece p = {.bytes = {piece->bytes.ptr, 1}, .file = -1};

        if (room == 0)
            return FILTER_FULL;
        room--;
        if (!filter_next(e, &p))
            return FILTER_FAILED;
    }
    return !piece->end || filter_next(e, piece) ? FILTER_OK : FILTER_FAILED;
}

static const struct filter double_filter = {.head = double_head,
                                            .body = double_body};
static const struct filter count_filter = {.head = count_head,
                                           .body = count_body};
static unsigned places[] = {0, 1};
static const struct module double_module = {.index = &places[0],
                                            .filter = &double_filter};
static const struct module count_module = {.index = &places[1],
                                           .filter = &count_filter};
static const struct module *const list[] = {&double_module, &count_module,
                                            NULL};

static void begin(void)
{
    memset(&x, 0, sizeof x);
    arena_init(&arena, 4096);
    arena_init(&x.arena, 4096);
    x.worker = &worker;
    worker.hooks = hooks_compile(&arena, list);
    CU_ASSERT_PTR_NOT_NULL_FATAL(worker.hooks);
}

static void finish(void)
{
    filters_clear(&x);
    output_clear(&x);
    chunks_free(&worker);
    arena_free(&x.arena);
    arena_free(&arena);
}

/* What stands in the queue. */
static const char *queued(void)
{
    static char text[256];
    size_t n = 0;

    for (const struct piece *p = x.out.first; p != NULL; p = p->next) {
        memcpy(text + n, p->bytes.ptr, p->bytes.len);
        n += p->bytes.len;
    }
    text[n] = '\0';
    return text;
}

static void give(const char *text)
{
    struct piece p = {.bytes = span_of(text), .file = -1, .end = *text == '\0'};

    CU_ASSERT(filter_next(&x, &p));
}

/* Those whose head function did not join are not in the way. */
static void test_chain(void)
{
    begin();
    doubles = counts = refuses = false;
    CU_ASSERT(filters_head(&x));
    CU_ASSERT_EQUAL(x.out.chained, 0);
    CU_ASSERT_PTR_NULL(x.out.chain);
    give("ab");
    doubles = true;
    CU_ASSERT(filters_head(&x));
    CU_ASSERT_EQUAL(x.out.chained, 1);
    give("cd");
    CU_ASSERT(!x.out.ended);
    give("");
    CU_ASSERT(x.out.ended);
    CU_ASSERT_STRING_EQUAL(queued(), "abcdcd");
    refuses = true;
    CU_ASSERT(!filters_head(&x));
    finish();
}

/* What a filter has no room for is offered again, in order; nothing overtakes
 * it, and the end comes at the end. */
static void test_full(void)
{
    begin();
    doubles = counts = true;
    refuses = false;
    room = 3;
    CU_ASSERT(filters_head(&x));
    give("ab"); /* the second of the two is full after its first byte */
    CU_ASSERT_STRING_EQUAL(queued(), "aba");
    CU_ASSERT_PTR_NOT_NULL_FATAL(x.out.held);
    give("c");
    give("");
    CU_ASSERT_STRING_EQUAL(queued(), "aba");
    CU_ASSERT(!x.out.ended && answer_full(&x, 100));
    room = 2;
    CU_ASSERT(filters_go_on(&x));
    CU_ASSERT_STRING_EQUAL(queued(), "ababc");
    CU_ASSERT(!x.out.ended);
    room = 9;
    CU_ASSERT(filters_go_on(&x));
    CU_ASSERT_STRING_EQUAL(queued(), "ababcc");
    CU_ASSERT(x.out.ended);
    CU_ASSERT_PTR_NULL(x.out.held);
    CU_ASSERT(!answer_full(&x, 100));
    finish();
}

/* A piece that is kept keeps its chunk. */
static void test_chunk(void)
{
    struct front_chunk *chunk;
    struct piece p = {.file = -1};

    begin();
    chunk = chunk_new(&worker);
    CU_ASSERT_PTR_NOT_NULL_FATAL(chunk);
    chunk_use(chunk);
    doubles = false;
    counts = true;
    room = 0;
    CU_ASSERT(filters_head(&x));
    p.bytes = (struct span){memcpy(chunk->bytes, "abc", 3), 3};
    p.chunk = chunk;
    CU_ASSERT(filter_next(&x, &p));
    CU_ASSERT_EQUAL(chunk->users, 2);
    filters_clear(&x);
    CU_ASSERT_EQUAL(chunk->users, 1);
    chunk_drop(&worker, chunk);
    finish();
}

UNIT_MAIN("filters", {"chain", test_chain}, {"full", test_full},
          {"chunk", test_chunk})
