/* balance: the order of peers, by weight, and who is left alone for how long. */

#include "unit.h"

#include "balance.h"

static struct peer peers[4];
static struct group group;

static void set_group(unsigned count, const int64_t *weights)
{
    memset(peers, 0, sizeof peers);
    for (unsigned i = 0; i < count; i++)
        peers[i] = (struct peer){.weight = weights[i],
                                          .effective = weights[i],
                                          .max_fails = 1,
                                          .fail_timeout = 10000};
    group = (struct group){.peers = peers, .count = count};
}

/* One request: 'a' for the first peer, ..., '-' for nobody. */
static char ask(bool failed, int64_t now)
{
    bool tried[4] = {false};
    struct peer *p = balance_pick(&group, tried, now);

    if (p == NULL)
        return '-';
    balance_leave(p, failed, now);
    return (char)('a' + (p - peers));
}

static void ask_many(char *out, int n, int64_t now)
{
    for (int i = 0; i < n; i++)
        out[i] = ask(false, now);
    out[n] = '\0';
}

static void test_round_robin(void)
{
    char text[16];

    set_group(3, (const int64_t[]){1, 1, 1});
    ask_many(text, 7, 100000);
    CU_ASSERT_STRING_EQUAL(text, "abcabca");
}

/* The sequence that nginx gives for weights 5, 1, 1. */
static void test_weights_are_smooth(void)
{
    char text[16];

    set_group(3, (const int64_t[]){5, 1, 1});
    ask_many(text, 14, 100000);
    CU_ASSERT_STRING_EQUAL(text, "aabacaaaabacaa");
}

static void test_failure_rests(void)
{
    char text[16];

    set_group(2, (const int64_t[]){1, 1});
    CU_ASSERT_EQUAL(ask(true, 100000), 'a');
    ask_many(text, 4, 101000);
    CU_ASSERT_STRING_EQUAL(text, "bbbb");
    /* after fail_timeout it is asked again, and again trusted */
    ask_many(text, 4, 110001);
    CU_ASSERT_PTR_NOT_NULL(strchr(text, 'a'));
    CU_ASSERT_EQUAL(peers[0].fails, 0);
}

static void test_max_fails(void)
{
    set_group(2, (const int64_t[]){1, 1});
    peers[0].max_fails = 2;
    peers[1].down = true;
    CU_ASSERT_EQUAL(ask(true, 100000), 'a');
    CU_ASSERT_EQUAL(ask(true, 100001), 'a'); /* one failure is not two */
    CU_ASSERT_EQUAL(ask(false, 100002), '-');
    CU_ASSERT_EQUAL(ask(false, 110001), '-'); /* it rests fail_timeout long */
    CU_ASSERT_EQUAL(ask(false, 110002), 'a');
}

static void test_no_limit_of_fails(void)
{
    set_group(2, (const int64_t[]){1, 1});
    peers[0].max_fails = 0;
    peers[1].down = true;
    for (int i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(ask(true, 100000 + i), 'a');
}

static void test_only_peer_never_rests(void)
{
    set_group(1, (const int64_t[]){1});
    CU_ASSERT_EQUAL(ask(true, 100000), 'a');
    CU_ASSERT_EQUAL(ask(true, 100001), 'a');
}

static void test_backup(void)
{
    char text[16];

    set_group(3, (const int64_t[]){1, 1, 1});
    peers[2].backup = true;
    ask_many(text, 4, 100000);
    CU_ASSERT_STRING_EQUAL(text, "abab");
    CU_ASSERT_EQUAL(ask(true, 100001), 'a');
    CU_ASSERT_EQUAL(ask(true, 100002), 'b');
    ask_many(text, 2, 100003);
    CU_ASSERT_STRING_EQUAL(text, "cc");
}

static void test_max_conns(void)
{
    bool tried[4] = {false}, again[4] = {false};
    struct peer *p;

    set_group(1, (const int64_t[]){1});
    peers[0].max_conns = 1;
    p = balance_pick(&group, tried, 100000);
    CU_ASSERT_PTR_EQUAL(p, &peers[0]);
    CU_ASSERT_PTR_NULL(balance_pick(&group, again, 100000));
    balance_leave(p, false, 100000);
    CU_ASSERT_PTR_EQUAL(balance_pick(&group, again, 100000), &peers[0]);
}

static void test_each_is_tried_once(void)
{
    bool tried[4] = {false};

    set_group(3, (const int64_t[]){1, 1, 1});
    for (int i = 0; i < 3; i++)
        CU_ASSERT_PTR_EQUAL(balance_pick(&group, tried, 100000), &peers[i]);
    CU_ASSERT_PTR_NULL(balance_pick(&group, tried, 100000));
}

UNIT_MAIN("balance", {"round robin", test_round_robin},
          {"weights are smooth", test_weights_are_smooth},
          {"a failure rests", test_failure_rests},
          {"max_fails", test_max_fails},
          {"max_fails=0", test_no_limit_of_fails},
          {"the only peer never rests", test_only_peer_never_rests},
          {"backup", test_backup}, {"max_conns", test_max_conns},
          {"each is tried once", test_each_is_tried_once})
