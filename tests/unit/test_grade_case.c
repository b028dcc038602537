/* The grader's parser of cases. */

#include "case.h"
#include "unit.h"

#define HEAD "case t/n\nstage 1\nsee 01-echo#x\nsource RFC 9112 3\nhint None.\n"

static bool parse(struct corpus_case *c, const char *text, struct err *e)
{
    return case_parse(c, "t/n.case", SPAN("t/n"), span_of(text), e);
}

static const char whole[] = "# a comment\n"
                            "case    t/n\r\n"
                            "title   A title\n"
                            "stage   2 4..\n"
                            "points  7\n"
                            "see     02-static#pipelining\n"
                            "source  nginx/1.22.1; RFC 9112 9.3.2\n"
                            "hint    One.   \n"
                            "hint    Two.\n"
                            "wait    1.5s\n"
                            "chop    whole lines bytes random:7\n"
                            "option  --a 1\n"
                            "option  4..5 6 --b 2\n"
                            "file    www/x\\sy mode 0600 size 10 = a b\n"
                            "link    www/l -> ../../etc\n"
                            "differs uWSGI/2.0.21: because\n"
                            "\n"
                            "c connect\n"
                            "c>  GET / HTTP/1.1\n"
                            "c>\n"
                            "c2>| a\\r\\n\n"
                            "c pause 30ms\n"
                            "c<  HTTP/1.1 200 {any}\n"
                            "   ? A: b\n"
                            "c!  B\n"
                            "c!  C: d\n"
                            "c=  one\\n\n"
                            "c=  two\n"
                            "c!~ three\n"
                            "c eof 200ms..2s\n"
                            "log! access oops\n";

static void test_whole(void)
{
    static const enum step_kind kinds[] = {
        STEP_CONNECT, STEP_SEND,  STEP_SEND,     STEP_SEND,     STEP_PAUSE,
        STEP_START,   STEP_FIELD, STEP_NO_FIELD, STEP_NO_FIELD, STEP_BODY,
        STEP_LACKS,   STEP_EOF,   STEP_NO_LOG};
    struct corpus_case c;
    struct err e = {""};

    CU_ASSERT_TRUE_FATAL(parse(&c, whole, &e));
    CU_ASSERT_EQUAL(c.stages, 1u << 2 | 1u << 4 | 1u << 5 | 1u << 6);
    CU_ASSERT_EQUAL(c.points, 7);
    CU_ASSERT_TRUE(span_eq(c.title, SPAN("A title")));
    CU_ASSERT_TRUE(span_eq(c.hint, SPAN("One. Two.")));
    CU_ASSERT_EQUAL(c.wait, 1500);
    CU_ASSERT_EQUAL(c.chop_count, 5);
    CU_ASSERT_EQUAL(c.chops[4].seed, 7);
    CU_ASSERT_EQUAL(c.option_count, 2);
    CU_ASSERT_EQUAL(c.options[0].stages, ~0u);
    CU_ASSERT_EQUAL(c.options[1].stages, 1u << 4 | 1u << 5 | 1u << 6);
    CU_ASSERT_EQUAL_FATAL(c.change_count, 2);
    CU_ASSERT_TRUE(span_eq(c.changes[0].path, SPAN("www/x y")));
    CU_ASSERT_EQUAL(c.changes[0].mode, 0600);
    CU_ASSERT_EQUAL(c.changes[0].size, 10);
    CU_ASSERT_TRUE(span_eq(c.changes[1].target, SPAN("../../etc")));
    CU_ASSERT_TRUE(case_recorded(&c, "nginx"));
    CU_ASSERT_FALSE(case_recorded(&c, "uWSGI"));
    CU_ASSERT_EQUAL_FATAL(c.step_count, sizeof kinds / sizeof kinds[0]);
    for (size_t i = 0; i < c.step_count; i++)
        CU_ASSERT_EQUAL(c.steps[i].kind, kinds[i]);
    CU_ASSERT_EQUAL(c.steps[3].number, 1);
    CU_ASSERT_EQUAL(c.steps[9].line, 27);
    CU_ASSERT_EQUAL(c.steps[9].last_line, 28);
    CU_ASSERT_EQUAL(c.steps[11].min, 200);
    CU_ASSERT_EQUAL(c.steps[11].max, 2000);
    CU_ASSERT_EQUAL(c.steps[12].a, 1);
    case_free(&c);
}

static void test_packets(void)
{
    struct corpus_case c;
    struct span why;
    struct err e = {""};

    CU_ASSERT_TRUE_FATAL(parse(&c,
                               "case t/n\nstage 3\nsee 03-uwsgi#x\n"
                               "source uwsgi protocol\nhint None.\n"
                               "differs uWSGI/2.0.21: it does\n"
                               "u1 refuse\nc connect\n"
                               "c> uwsgi 5 255 GET /x\n+A=b=c\n  +=\n"
                               "u2 accept\nu2< uwsgi 0 0\n ?K={any}\n !L\n"
                               "u2? M=\n",
                               &e));
    CU_ASSERT_EQUAL_FATAL(c.step_count, 8);
    CU_ASSERT_EQUAL(c.steps[2].kind, STEP_PACKET);
    CU_ASSERT_EQUAL(c.steps[2].b, 255);
    CU_ASSERT_EQUAL_FATAL(c.steps[2].pair_count, 2);
    CU_ASSERT_TRUE(
        span_eq(c.steps[2].pairs[0].value.atoms[0].bytes, SPAN("b=c")));
    CU_ASSERT_EQUAL(c.steps[2].pairs[1].key.count, 0);
    CU_ASSERT_EQUAL(c.steps[4].kind, STEP_WANT_PACKET);
    CU_ASSERT_TRUE(span_eq(c.steps[5].name, SPAN("K")));
    CU_ASSERT_EQUAL(c.steps[6].kind, STEP_NO_FIELD);
    CU_ASSERT_EQUAL(c.upstreams, 3);
    CU_ASSERT_TRUE(case_differs(&c, "uWSGI", &why));
    case_free(&c);
}

static void test_mistakes(void)
{
    static const struct {
        const char *lines;
        int line;
    } table[] = {
        {"c jump\n", 6},
        {"u1 connect\n", 6},
        {"c accept\n", 6},
        {"c1 connect\n", 6},
        {"d connect\n", 6},
        {"c connect now\n", 6},
        {"c pause\n", 6},
        {"c pause 5\n", 6},
        {"c eof 1s..\n", 6},
        {"c> \\q\n", 6},
        {"c connect\nc> x\nc? A\n", 8},
        {"+A=b\n", 6},
        {"c connect\n+A=b\n", 7},
        {"c> uwsgi 0 256\n", 6},
        {"c> uwsgi 0\n", 6},
        {"c connect\npoints 2\n", 7},
        {"stage 2\n", 6},
        {"points 0\n", 6},
        {"points 101\n", 6},
        {"chop halves\n", 6},
        {"chop random:x\n", 6},
        {"protocol ftp\n", 6},
        {"option\n", 6},
        {"config elsewhere x;\n", 6},
        {"wait long\n", 6},
        {"differs nginx/1.22.1\n", 6},
        {"file etc/x\n", 6},
        {"file www/../x\n", 6},
        {"file www/x mode\n", 6},
        {"program signal NOPE\n", 6},
        {"program exit 256\n", 6},
        {"write /etc/passwd x\n", 6},
        {"c> caf\xc3\xa9\n", 6},
        {"", 1},
        {"app hello.py\nc connect\n", 1},
        {"config server x;\nc connect\n", 1},
        {"protocol uwsgi\nc connect\n", 1},
        {"u1 accept\n", 1},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct corpus_case c;
        struct err e = {""};
        char text[512], place[64];

        snprintf(text, sizeof text, "%s%s", HEAD, table[i].lines);
        snprintf(place, sizeof place, "t/n.case:%d: ", table[i].line);
        CU_ASSERT_FALSE(parse(&c, text, &e));
        CU_ASSERT_EQUAL(strncmp(e.text, place, strlen(place)), 0);
        case_free(&c);
    }
}

/* A case that is cut off anywhere is refused or read, and nothing else. */
static void test_truncated(void)
{
    for (size_t n = 0; n < sizeof whole - 1; n++) {
        struct corpus_case c;
        struct err e = {""};

        if (!case_parse(&c, "t/n.case", SPAN("t/n"), (struct span){whole, n},
                        &e))
            CU_ASSERT_TRUE(e.text[0] != '\0');
        case_free(&c);
    }
}

static void test_stages(void)
{
    unsigned bits;

    CU_ASSERT_TRUE(case_stages(SPAN("1"), &bits) && bits == 2);
    CU_ASSERT_TRUE(case_stages(SPAN("1..3 6"), &bits) && bits == 78);
    CU_ASSERT_TRUE(case_stages(SPAN("5.."), &bits) && bits == 96);
    CU_ASSERT_FALSE(case_stages(SPAN(""), &bits));
    CU_ASSERT_FALSE(case_stages(SPAN("0"), &bits));
    CU_ASSERT_FALSE(case_stages(SPAN("7"), &bits));
    CU_ASSERT_FALSE(case_stages(SPAN("3..2"), &bits));
    CU_ASSERT_FALSE(case_stages(SPAN("..2"), &bits));
    CU_ASSERT_FALSE(case_stages(SPAN("1,2"), &bits));
}

static void test_times(void)
{
    int64_t ms;

    CU_ASSERT_TRUE(case_time(SPAN("30ms"), &ms) && ms == 30);
    CU_ASSERT_TRUE(case_time(SPAN("1s"), &ms) && ms == 1000);
    CU_ASSERT_TRUE(case_time(SPAN("0.25s"), &ms) && ms == 250);
    CU_ASSERT_FALSE(case_time(SPAN("1"), &ms));
    CU_ASSERT_FALSE(case_time(SPAN("s"), &ms));
    CU_ASSERT_FALSE(case_time(SPAN("-1s"), &ms));
    CU_ASSERT_FALSE(case_time(SPAN("1m"), &ms));
    CU_ASSERT_FALSE(case_time(SPAN("1e99s"), &ms));
}

UNIT_MAIN("grade_case", {"whole", test_whole}, {"packets", test_packets},
          {"mistakes", test_mistakes}, {"truncated", test_truncated},
          {"stages", test_stages}, {"times", test_times})
