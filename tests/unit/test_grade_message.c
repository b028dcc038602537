/* The grader's readers of messages, and the words that start programs. */

#include "command.h"
#include "message.h"
#include "process.h"
#include "unit.h"

#include <stdlib.h>

/* Decodes head and body; the end comes after the last byte if `final`. */
static enum message_state decode(struct message *m, enum message_kind kind,
                                 struct span bytes, bool final)
{
    enum message_state state = message_head(m, kind, bytes);

    if (state != MESSAGE_DONE)
        return state;
    bytes.ptr += m->head_len;
    bytes.len -= m->head_len;
    return message_body(m, bytes, final);
}

static void test_responses(void)
{
    static const struct {
        const char *bytes;
        enum message_state state;
        const char *body;
    } table[] = {
        {"HTTP/1.1 200 OK\r\n\r\nab", MESSAGE_DONE, "ab"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc", MESSAGE_DONE, "ab"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", MESSAGE_MORE, "ab"},
        {"HTTP/1.1 204 No\r\n\r\nab", MESSAGE_DONE, ""},
        {"HTTP/1.1 100 Go on\r\n\r\nab", MESSAGE_DONE, ""},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
         "2;x=y\r\nab\r\n1\r\nc\r\n0\r\nT: 1\r\n\r\nHTTP",
         MESSAGE_DONE, "abc"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc",
         MESSAGE_MORE, "ab"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n",
         MESSAGE_BAD, "ab"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\nab\r\n",
         MESSAGE_BAD, ""},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxy\r\n",
         MESSAGE_BAD, ""},
        {"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", MESSAGE_BAD, NULL},
        {"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", MESSAGE_BAD, NULL},
        {"HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n", MESSAGE_BAD, NULL},
        {"HTTP/1.1 200 OK\nA: b\r\n\r\n", MESSAGE_BAD, NULL},
        {"HTTP/1.1 200 OK\r\nA: b\r\n", MESSAGE_MORE, NULL},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct message m = {0};

        CU_ASSERT_EQUAL(
            decode(&m, MESSAGE_RESPONSE, span_of(table[i].bytes), true),
            table[i].state);
        if (table[i].body)
            CU_ASSERT_TRUE(span_eq(buf_span(&m.body), span_of(table[i].body)));
        buf_free(&m.body);
    }
}

/* However the bytes come, the body is the same. */
static void test_cut(void)
{
    static const char chunked[] =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";
    struct message m = {0};
    size_t head;

    CU_ASSERT_EQUAL_FATAL(message_head(&m, MESSAGE_RESPONSE, span_of(chunked)),
                          MESSAGE_DONE);
    head = m.head_len;
    for (size_t n = head; n < sizeof chunked - 1; n++)
        CU_ASSERT_EQUAL(
            message_body(&m, (struct span){chunked + head, n - head}, false),
            MESSAGE_MORE);
    CU_ASSERT_EQUAL(message_body(&m, span_of(chunked + head), false),
                    MESSAGE_DONE);
    CU_ASSERT_TRUE(span_eq(buf_span(&m.body), SPAN("hello world")));
    CU_ASSERT_EQUAL(m.used, sizeof chunked - 1 - head);
    buf_free(&m.body);
}

static void test_packets(void)
{
    static const char good[] = "\x00\x1b\x00\x05\x0e\x00"
                               "CONTENT_LENGTH"
                               "\x01\x00"
                               "2"
                               "\x01\x00"
                               "K"
                               "\x01\x00"
                               "v"
                               "abc";
    struct message m = {0};

    for (size_t n = 0; n < 31; n++)
        CU_ASSERT_EQUAL(
            decode(&m, MESSAGE_PACKET, (struct span){good, n}, false),
            MESSAGE_MORE);
    CU_ASSERT_EQUAL(
        decode(&m, MESSAGE_PACKET, (struct span){good, sizeof good - 1}, false),
        MESSAGE_BAD);
    buf_free(&m.body);
}

static void test_good_packet(void)
{
    static const char good[] = "\x00\x19\x00\x05\x0e\x00"
                               "CONTENT_LENGTH"
                               "\x01\x00"
                               "2"
                               "\x01\x00"
                               "K"
                               "\x01\x00"
                               "v"
                               "abc";
    struct message m = {0};

    CU_ASSERT_EQUAL(
        decode(&m, MESSAGE_PACKET, (struct span){good, sizeof good - 1}, false),
        MESSAGE_DONE);
    CU_ASSERT_EQUAL(m.count, 2);
    CU_ASSERT_TRUE(span_eq(m.fields[1].name, SPAN("K")));
    CU_ASSERT_TRUE(span_eq(buf_span(&m.body), SPAN("ab")));
    buf_free(&m.body);
}

static void test_words(void)
{
    struct mem m = {0};
    char **words;
    size_t n;

    CU_ASSERT_TRUE(program_words(&m, SPAN("  a 'b c' \"d e\"f \\g\\ h \"\" "),
                                 &words, &n));
    CU_ASSERT_EQUAL_FATAL(n, 5);
    CU_ASSERT_STRING_EQUAL(words[1], "b c");
    CU_ASSERT_STRING_EQUAL(words[2], "d ef");
    CU_ASSERT_STRING_EQUAL(words[3], "g h");
    CU_ASSERT_STRING_EQUAL(words[4], "");
    CU_ASSERT_PTR_NULL(words[5]);
    CU_ASSERT_FALSE(program_words(&m, SPAN("a 'b"), &words, &n));
    CU_ASSERT_TRUE(program_words(&m, SPAN(""), &words, &n) && n == 0);
    mem_free(&m);
}

/* The command of a case at a stage, as text. */
static const char *command(struct mem *m, const char *lines, int stage)
{
    static char *const program[] = {"prog", NULL};
    const struct places at = {.addr = "ADDR",
                              .port = "PORT",
                              .app = "APP",
                              .www = "WWW",
                              .apps = "APPS",
                              .dir = "DIR",
                              .up = {"U1", "U2"},
                              .prefix = "PREFIX",
                              .conf = "CONF",
                              .access_log = "LOG"};
    struct corpus_case c;
    struct buf out;
    const char *text;
    struct err e;

    CU_ASSERT_TRUE_FATAL(case_parse(
        &c, "t/n.case", SPAN("t/n"),
        span_of(mem_printf(m,
                           "case t/n\nsee 1#x\nsource RFC 9112 3\nhint x\n"
                           "%sc connect\n",
                           lines)),
        &e));
    buf_init(&out, 65536);
    if (stage == 60)
        command_conf(&out, &c, &at);
    else
        command_show(&out, command_words(m, &c, stage, NULL, program, &at));
    text = mem_copy(m, buf_span(&out)).ptr;
    buf_free(&out);
    case_free(&c);
    return text;
}

static void test_commands(void)
{
    static const struct {
        const char *lines;
        int stage;
        const char *command;
    } table[] = {
        {"stage 1\noption --a 1\n", 1, "prog --a 1 ADDR"},
        {"stage 1 2\noption 1 --a\n", 2, "prog --root WWW ADDR"},
        {"stage 3\n", 3, "prog --to U1 ADDR"},
        {"stage 3\nprotocol uwsgi\n", 3, "prog ADDR"},
        {"stage 4\n", 4,
         "prog --chdir APPS --wsgi-file hello.py --http-socket ADDR"},
        {"stage 4\nprotocol uwsgi\napp x.py app2\n", 4,
         "prog --chdir APPS --wsgi-file x.py --callable app2 --socket ADDR"},
        {"stage 5\noption --log @dir@/l\n", 5,
         "prog --chdir APPS --wsgi-file hello.py --master --processes 2 "
         "--log DIR/l --http-socket ADDR"},
        {"stage 6\n", 6, "prog -p PREFIX -c CONF"},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct mem m = {0};

        CU_ASSERT_STRING_EQUAL(command(&m, table[i].lines, table[i].stage),
                               table[i].command);
        mem_free(&m);
    }
}

static void test_configurations(void)
{
    static const struct {
        const char *lines, *has, *lacks;
    } table[] = {
        {"stage 6\n", "listen ADDR;\n        root WWW;", "location"},
        {"stage 6\nu1 refuse\n", "uwsgi_pass U1;", "APP"},
        {"stage 6\napp hello.py\n", "uwsgi_pass APP;", "U1"},
        {"stage 6\napp hello.py\nconfig server location / { uwsgi_pass @app@; "
         "}\n",
         "        location / { uwsgi_pass APP; }\n", "include uwsgi_params"},
        {"stage 6\nconfig http server { listen @addr@; }\n",
         "    server { listen ADDR; }\n", "root WWW"},
        {"stage 6\nconfig http upstream a { server @u2@; }\n",
         "    upstream a { server U2; }\n    server {\n", "U1"},
        {"stage 6\noption --head-timeout 0.3 --max-line 100\n",
         "client_header_timeout 300ms;", "--max-line"},
        {"stage 6\noption --max-line 100\n", "client_header_buffer_size 100;",
         "@"},
        {"stage 6\nconfig main a @x@ @;\n", "\na @x@ @;\n", "location"},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct mem m = {0};
        const char *text = command(&m, table[i].lines, 60);

        CU_ASSERT_PTR_NOT_NULL(strstr(text, table[i].has));
        CU_ASSERT_PTR_NULL(strstr(text, table[i].lacks));
        mem_free(&m);
    }
}

UNIT_MAIN("grade_message", {"responses", test_responses}, {"cut", test_cut},
          {"packets", test_packets}, {"good_packet", test_good_packet},
          {"words", test_words}, {"commands", test_commands},
          {"configurations", test_configurations})
