/* test_phases: who is asked, in what order, and what a verdict does. */

#include "exchange.h"
#include "front_worker.h"
#include "hooks.h"
#include "phases.h"
#include "unit.h"

static struct front_worker worker;
static struct exchange x;
static char asked[64]; /* a letter for each handler that was */
static int verdict, verdicts;

/* Says `verdict` the first times, and then that others may be asked. */
static int say(char name)
{
    asked[strlen(asked)] = name;
    return verdicts > 0 && verdicts-- ? verdict : NEXT_HANDLER;
}

static int find(struct exchange *e)
{
    asked[strlen(asked)] = 'f';
    return NEXT_HANDLER;
}

static int rewrite(struct exchange *e)
{
    return say('r');
}

static int second(struct exchange *e)
{
    asked[strlen(asked)] = '2';
    return NEXT_HANDLER;
}

static int content(struct exchange *e)
{
    asked[strlen(asked)] = 'c';
    return ANSWERED;
}

static int log_line(struct exchange *e)
{
    asked[strlen(asked)] = 'l';
    return ANSWERED; /* which stops nobody here */
}

static void end(struct exchange *e, void *state)
{
}

static const struct handler first_handlers[] = {
    {CONTENT, content}, {REWRITE, rewrite}, {LOG, log_line}, {0}};
static const struct handler second_handlers[] = {
    {REWRITE, second}, {FIND_LOCATION, find}, {LOG, log_line}, {0}};
static unsigned places[] = {0, 1, 2};
static const struct module first = {.name = "first",
                                    .index = &places[0],
                                    .handlers = first_handlers,
                                    .state = 1};
static const struct module second_module = {.name = "second",
                                            .index = &places[1],
                                            .handlers = second_handlers,
                                            .state = 20,
                                            .end = end};
static const struct module third = {
    .name = "third", .index = &places[2], .state = 8};
static const struct module *const list[] = {&first, &second_module, &third,
                                            NULL};

static const char *run(int said, int times)
{
    memset(asked, 0, sizeof asked);
    memset(&x, 0, sizeof x);
    arena_init(&x.arena, 4096);
    x.worker = &worker;
    worker.hooks = hooks_compile(&x.arena, list);
    CU_ASSERT_PTR_NOT_NULL_FATAL(worker.hooks);
    verdict = said;
    verdicts = times;
    phases_run(&x);
    return asked;
}

static void test_order(void)
{
    CU_ASSERT_STRING_EQUAL(run(0, 0), "fr2c");
    phases_log(&x);
    CU_ASSERT_STRING_EQUAL(asked, "fr2cll");
    arena_free(&x.arena);
}

static void test_verdicts(void)
{
    CU_ASSERT_STRING_EQUAL(run(NEXT_PHASE, 1), "frc");
    arena_free(&x.arena);
    CU_ASSERT_STRING_EQUAL(run(RESTART, 3), "frfrfrfr2c");
    CU_ASSERT_EQUAL(x.redirects, 3);
    arena_free(&x.arena);
    CU_ASSERT_STRING_EQUAL(run(ANSWERED, 1), "fr");
    arena_free(&x.arena);
}

/* Who has waited is asked again, and nobody before him. */
static void test_waiting(void)
{
    CU_ASSERT_STRING_EQUAL(run(WAITING, 2), "fr");
    phases_run(&x);
    CU_ASSERT_STRING_EQUAL(asked, "frr");
    phases_run(&x);
    CU_ASSERT_STRING_EQUAL(asked, "frrr2c");
    arena_free(&x.arena);
}

/* Each module has bytes of its own, that anything may lie in. */
static void test_state(void)
{
    const char *one, *two, *three;

    run(0, 0);
    x.state = arena_zalloc(&x.arena, worker.hooks->state);
    one = exchange_state(&x, &first);
    two = exchange_state(&x, &second_module);
    three = exchange_state(&x, &third);
    CU_ASSERT(two >= one + 1 && three >= two + 20);
    CU_ASSERT(worker.hooks->state >= (size_t)(three + 8 - one));
    CU_ASSERT_EQUAL((uintptr_t)two % 16, 0);
    CU_ASSERT_PTR_EQUAL(worker.hooks->ends[0], &second_module);
    CU_ASSERT_PTR_NULL(worker.hooks->ends[1]);
    arena_free(&x.arena);
}

UNIT_MAIN("phases", {"order", test_order}, {"verdicts", test_verdicts},
          {"waiting", test_waiting}, {"state", test_state})
