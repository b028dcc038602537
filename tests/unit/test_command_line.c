/* command_line: every option in every form, and nginx's complaints. */

#include "unit.h"

#include "command_line.h"

#include <signal.h>

static struct command_line line;
static struct err err;

#define READ(...)                                                              \
    command_line_read(&line, (char *[]){"strata-proxy", ##__VA_ARGS__, NULL},  \
                      &err)

#define REFUSES(message, ...)                                                  \
    do {                                                                       \
        CU_ASSERT_FALSE(READ(__VA_ARGS__));                                    \
        CU_ASSERT_STRING_EQUAL(err.text, message);                             \
    } while (0)

static void nothing(void)
{
    char *none[] = {NULL};

    CU_ASSERT_TRUE(READ());
    CU_ASSERT_FALSE(line.help || line.version || line.configure || line.test ||
                    line.dump || line.quiet);
    CU_ASSERT_PTR_NULL(line.options.prefix);
    CU_ASSERT_PTR_NULL(line.options.error_log);
    CU_ASSERT_PTR_NULL(line.options.conf);
    CU_ASSERT_PTR_NULL(line.options.globals);
    CU_ASSERT_EQUAL(line.signo, 0);
    CU_ASSERT_TRUE(command_line_read(&line, none, &err));
}

static void flags(void)
{
    CU_ASSERT_TRUE(READ("-v") && line.version && !line.configure);
    CU_ASSERT_TRUE(READ("-V") && line.version && line.configure);
    CU_ASSERT_TRUE(READ("-h") && line.version && line.help);
    CU_ASSERT_TRUE(READ("-?") && line.version && line.help);
    CU_ASSERT_TRUE(READ("-t") && line.test && !line.dump && !line.version);
    CU_ASSERT_TRUE(READ("-T") && line.test && line.dump);
    CU_ASSERT_TRUE(READ("-tq") && line.test && line.quiet);
    CU_ASSERT_TRUE(READ("-t", "-q", "-v") && line.test && line.quiet &&
                   line.version);
    CU_ASSERT_TRUE(READ("-")); /* as in nginx: no letters, no option */
}

static void values(void)
{
    CU_ASSERT_TRUE(READ("-c", "a", "-p", "b", "-e", "c", "-g", "d;"));
    CU_ASSERT_STRING_EQUAL(line.options.conf, "a");
    CU_ASSERT_STRING_EQUAL(line.options.prefix, "b");
    CU_ASSERT_STRING_EQUAL(line.options.error_log, "c");
    CU_ASSERT_STRING_EQUAL(line.options.globals, "d;");
    CU_ASSERT_TRUE(READ("-ca", "-pb", "-tqec", "-gdaemon off;"));
    CU_ASSERT_TRUE(line.test && line.quiet);
    CU_ASSERT_STRING_EQUAL(line.options.conf, "a");
    CU_ASSERT_STRING_EQUAL(line.options.prefix, "b");
    CU_ASSERT_STRING_EQUAL(line.options.error_log, "c");
    CU_ASSERT_STRING_EQUAL(line.options.globals, "daemon off;");
    CU_ASSERT_TRUE(READ("-tc", "-v")); /* a value may look like an option */
    CU_ASSERT_STRING_EQUAL(line.options.conf, "-v");
    CU_ASSERT_FALSE(line.version);
    CU_ASSERT_TRUE(READ("-c", "a", "-c", "b"));
    CU_ASSERT_STRING_EQUAL(line.options.conf, "b");
}

static void signals(void)
{
    CU_ASSERT_TRUE(READ("-s", "stop") && line.signo == SIGTERM);
    CU_ASSERT_TRUE(READ("-s", "quit") && line.signo == SIGQUIT);
    CU_ASSERT_TRUE(READ("-s", "reopen") && line.signo == SIGUSR1);
    CU_ASSERT_TRUE(READ("-sreload") && line.signo == SIGHUP);
}

/* With -p all is below it, but for a file whose name is absolute. */
static void places(void)
{
    struct arena arena;

    arena_init(&arena, 1024);
    CU_ASSERT_TRUE(READ() && command_line_places(&line, &arena));
    CU_ASSERT_STRING_EQUAL(line.options.prefix, "/etc/strata/");
    CU_ASSERT_STRING_EQUAL(line.options.conf, "/etc/strata/nginx.conf");
    CU_ASSERT_STRING_EQUAL(line.options.pid, "/run/strata-proxy.pid");
    CU_ASSERT_STRING_EQUAL(line.options.globals, "");
    CU_ASSERT_TRUE(READ("-p", "a/b", "-c", "c", "-e", "e") &&
                   command_line_places(&line, &arena));
    CU_ASSERT_STRING_EQUAL(line.options.prefix, "a/b/");
    CU_ASSERT_STRING_EQUAL(line.options.conf, "a/b/c");
    CU_ASSERT_STRING_EQUAL(line.options.error_log, "e");
    CU_ASSERT_STRING_EQUAL(line.options.access_log, "logs/access.log");
    CU_ASSERT_TRUE(READ("-p", "/a/", "-c", "/c", "-g", "x;") &&
                   command_line_places(&line, &arena));
    CU_ASSERT_STRING_EQUAL(line.options.prefix, "/a/");
    CU_ASSERT_STRING_EQUAL(line.options.conf, "/c");
    CU_ASSERT_STRING_EQUAL(line.options.globals, "x;");
    arena_free(&arena);
}

static void complaints(void)
{
    REFUSES("invalid option: \"z\"", "-z");
    REFUSES("invalid option: \"z\"", "-tz");
    REFUSES("invalid option: \"-\"", "--help");
    REFUSES("invalid option: \"foo\"", "foo");
    REFUSES("invalid option: \"foo\"", "-t", "foo");
    REFUSES("invalid option: \"\"", "");
    REFUSES("option \"-c\" requires file name", "-c");
    REFUSES("option \"-c\" requires file name", "-tc");
    REFUSES("option \"-c\" requires file name", "-c", "");
    REFUSES("option \"-e\" requires file name", "-e");
    REFUSES("option \"-p\" requires directory name", "-p");
    REFUSES("option \"-g\" requires parameter", "-g");
    REFUSES("option \"-s\" requires parameter", "-s");
    REFUSES("invalid option: \"-s foo\"", "-s", "foo");
    REFUSES("invalid option: \"-s foo\"", "-sfoo");
    REFUSES("invalid option: \"-s stopp\"", "-s", "stopp");
}

UNIT_MAIN("command_line", {"nothing", nothing}, {"flags", flags},
          {"values", values}, {"signals", signals},
          {"places", places}, {"complaints", complaints})
