/* error_log: the form of a line, levels, where it goes, and what a hostile
 * message becomes; log_file: one file a path, opened anew. */

#include "unit.h"

#include "error_log.h"
#include "regex.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];
static struct arena arena;
static struct err err;
static struct conf cf;

static void begin(void)
{
    strcpy(dir, "/tmp/strata-log-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
    strcat(dir, "/");
    arena_init(&arena, 512);
    err.text[0] = '\0';
    cf = (struct conf){.arena = &arena, .prefix = span_of(dir), .err = &err};
}

static void end(void)
{
    char command[128];

    log_files_close(cf.log_files);
    arena_free(&arena);
    snprintf(command, sizeof command, "rm -r %s", dir);
    CU_ASSERT_EQUAL(system(command), 0);
}

static const char *content(const char *name)
{
    static char text[8192];
    char path[128];
    FILE *f;
    size_t n;

    snprintf(path, sizeof path, "%s%s", dir, name);
    f = fopen(path, "r");
    if (f == NULL)
        return "(no file)";
    n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = '\0';
    return text;
}

static void looks_like(const char *text, const char *pattern)
{
    struct span part;
    struct regex *re = regex_compile(&arena, span_of(pattern), false, &err);
    bool does;

    CU_ASSERT_PTR_NOT_NULL_FATAL(re);
    does = regex_match(re, span_of(text), &part, 1, &err).is == REGEX_YES;
    if (!does)
        printf("\n%s\n  is not %s\n", text, pattern);
    CU_ASSERT_TRUE(does);
}

#define STAMP "^[0-9]{4}/[01][0-9]/[0-3][0-9] [0-2][0-9]:[0-5][0-9]:[0-6][0-9] "

static void line(void)
{
    struct error_log *log;

    begin();
    log = error_log_new(&cf, SPAN("e.log"), ERROR_LOG_ERROR);
    CU_ASSERT_TRUE(log_files_open(cf.log_files, &err));
    errno = ERANGE;
    error_log_write(log, ERROR_LOG_ERROR, ENOENT, "*%d open() \"%s\" failed",
                    7, "/x");
    CU_ASSERT_EQUAL(errno, ERANGE); /* left alone */
    looks_like(content("e.log"),
               STAMP "\\[error\\] [0-9]+#[0-9]+: \\*7 open\\(\\) \"/x\" failed "
                     "\\(2: No such file or directory\\)\n$");
    end();
}

static void about(void)
{
    struct error_log *log;

    begin();
    log = error_log_new(&cf, SPAN("e.log"), ERROR_LOG_ERROR);
    CU_ASSERT_TRUE(log_files_open(cf.log_files, &err));
    error_log_write_about(log, ERROR_LOG_CRIT, EPIPE, ", client: 1.2.3.4",
                          "writev() failed");
    error_log_write_about(log, ERROR_LOG_EMERG, 0, ", client: 1.2.3.4", "no");
    looks_like(content("e.log"),
               STAMP "\\[crit\\] [0-9#]+: writev\\(\\) failed \\(32: Broken "
                     "pipe\\), client: 1\\.2\\.3\\.4\n[^\n]*\\[emerg\\] [0-9#]+"
                     ": no, client: 1\\.2\\.3\\.4\n$");
    end();
}

static void levels(void)
{
    struct error_log *log;

    begin();
    log = error_log_new(&cf, SPAN("warn.log"), ERROR_LOG_WARN);
    log->next = error_log_new(&cf, SPAN("debug.log"), ERROR_LOG_DEBUG);
    CU_ASSERT_TRUE(log_files_open(cf.log_files, &err));
    CU_ASSERT_TRUE(error_log_wants(log, ERROR_LOG_DEBUG));
    CU_ASSERT_FALSE(error_log_wants(NULL, ERROR_LOG_EMERG));
    error_log_write(log, ERROR_LOG_NOTICE, 0, "quiet");
    error_log_write(log, ERROR_LOG_WARN, 0, "loud");
    looks_like(content("warn.log"), STAMP "\\[warn\\] [0-9#]+: loud\n$");
    looks_like(content("debug.log"), "quiet\n.*loud\n$");
    log->next = NULL;
    CU_ASSERT_FALSE(error_log_wants(log, ERROR_LOG_NOTICE));
    CU_ASSERT_TRUE(error_log_wants(log, ERROR_LOG_WARN));
    end();
}

/* A client's bytes cannot begin a line or reach a terminal. */
static void hostile(void)
{
    static char text[6000];
    struct error_log *log;
    const char *got;

    begin();
    log = error_log_new(&cf, SPAN("e.log"), ERROR_LOG_ERROR);
    CU_ASSERT_TRUE(log_files_open(cf.log_files, &err));
    error_log_write(log, ERROR_LOG_ERROR, 0, "a\nb\r\tc\033[2J\x7f\xc3\xa9");
    looks_like(content("e.log"), ": a\\?b\\?\\?c\\?\\[2J\\?\xc3\xa9\n$");
    memset(text, 'x', sizeof text - 1);
    error_log_write_about(log, ERROR_LOG_ERROR, ENOENT, text, "%s", text);
    got = strchr(content("e.log"), '\n') + 1;
    CU_ASSERT_EQUAL(strlen(got), 2048);
    CU_ASSERT_EQUAL(got[2047], '\n');
    end();
}

static void one_file(void)
{
    char path[128];
    struct log_file *a, *b;

    begin();
    a = log_file_named(&cf, SPAN("a.log"));
    b = log_file_named(&cf, SPAN("b.log"));
    snprintf(path, sizeof path, "%sa.log", dir);
    CU_ASSERT_PTR_EQUAL(log_file_named(&cf, span_of(path)), a);
    CU_ASSERT_PTR_NOT_EQUAL(a, b);
    CU_ASSERT_EQUAL(log_file_named(&cf, SPAN("stderr"))->fd, STDERR_FILENO);
    CU_ASSERT_EQUAL(a->fd, -1);
    CU_ASSERT_TRUE(log_files_open(cf.log_files, &err));
    CU_ASSERT_TRUE(a->fd >= 0 && b->fd >= 0);
    log_files_close(cf.log_files);
    CU_ASSERT_EQUAL(a->fd, -1);
    CU_ASSERT_EQUAL(fcntl(STDERR_FILENO, F_GETFD) < 0, 0);
    end();
}

static void reopen(void)
{
    struct error_log *log;
    char from[128], to[128];
    int fd;

    begin();
    log = error_log_new(&cf, SPAN("e.log"), ERROR_LOG_ERROR);
    CU_ASSERT_TRUE(log_files_open(cf.log_files, &err));
    error_log_write(log, ERROR_LOG_ERROR, 0, "before");
    fd = log->file->fd;
    snprintf(from, sizeof from, "%se.log", dir);
    snprintf(to, sizeof to, "%sold.log", dir);
    CU_ASSERT_EQUAL(rename(from, to), 0);
    CU_ASSERT_TRUE(log_files_reopen(cf.log_files, (uid_t)-1, &err));
    CU_ASSERT_EQUAL(log->file->fd, fd);
    error_log_write(log, ERROR_LOG_ERROR, 0, "after");
    looks_like(content("old.log"), ": before\n$");
    looks_like(content("e.log"), ": after\n$");
    end();
}

/* What cannot be opened again goes on as it is. */
static void reopen_fails(void)
{
    struct error_log *log;
    char path[128];

    begin();
    log = error_log_new(&cf, SPAN("e.log"), ERROR_LOG_ERROR);
    CU_ASSERT_TRUE(log_files_open(cf.log_files, &err));
    snprintf(path, sizeof path, "%se.log", dir);
    CU_ASSERT_EQUAL(unlink(path), 0);
    CU_ASSERT_EQUAL(mkdir(path, 0755), 0);
    CU_ASSERT_FALSE(log_files_reopen(cf.log_files, (uid_t)-1, &err));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "failed (21: Is a directory)"));
    CU_ASSERT_TRUE(log->file->fd >= 0);
    error_log_write(log, ERROR_LOG_ERROR, 0, "into the void");
    end();
}

static void cannot_open(void)
{
    begin();
    CU_ASSERT_PTR_NOT_NULL(log_file_named(&cf, SPAN("none/e.log")));
    CU_ASSERT_FALSE(log_files_open(cf.log_files, &err));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(err.text, "none/e.log\" failed (2: No such file or directory)"));
    end();
}

/* The directive, with the words that a parser would have found. */
static struct error_log *directive(const char *file, const char *level,
                                   const char *more)
{
    static struct span words[4];
    const struct conf_row *row = error_log_module.rows;
    struct error_log_settings settings = {NULL};
    unsigned n = 0;

    words[n++] = SPAN("error_log");
    words[n++] = span_of(file);
    if (level != NULL)
        words[n++] = span_of(level);
    if (more != NULL)
        words[n++] = span_of(more);
    cf.words = words;
    cf.count = n;
    err.text[0] = '\0';
    return row->set(&cf, row, &settings) ? settings.log : NULL;
}

bool conf_error(struct conf *c, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(c->err->text, sizeof c->err->text, format, args);
    va_end(args);
    return false;
}

struct span conf_path(struct conf *c, struct span path)
{
    if (path.len > 0 && path.ptr[0] == '/')
        return arena_copy(c->arena, path);
    return arena_printf(c->arena, "%.*s%.*s", SPAN_ARG(c->prefix),
                        SPAN_ARG(path));
}

static void set(void)
{
    begin();
    CU_ASSERT_EQUAL(directive("a", NULL, NULL)->level, ERROR_LOG_ERROR);
    CU_ASSERT_EQUAL(directive("a", "debug", NULL)->level, ERROR_LOG_DEBUG);
    CU_ASSERT_EQUAL(directive("a", "emerg", NULL)->level, ERROR_LOG_EMERG);
    CU_ASSERT_PTR_NULL(directive("a", "loud", NULL));
    CU_ASSERT_STRING_EQUAL(err.text, "invalid log level \"loud\"");
    CU_ASSERT_PTR_NULL(directive("a", "info", "warn"));
    CU_ASSERT_STRING_EQUAL(err.text, "duplicate log level \"warn\"");
    CU_ASSERT_PTR_NULL(directive("syslog:server=x", NULL, NULL));
    CU_ASSERT_PTR_NULL(directive("memory:1m", "debug", NULL));
    end();
}

/* A disk that takes half a line, here a limit on the file: what is written when
 * there is room again stands in a line of its own. */
static void torn(void)
{
    struct rlimit before, small;
    struct log_file *file;

    begin();
    file = log_file_named(&cf, SPAN("log"));
    CU_ASSERT_FATAL(log_files_open(cf.log_files, &err));
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    small = (struct rlimit){10, before.rlim_max};
    CU_ASSERT_TRUE(log_file_write(file, SPAN("1 whole\n")));
    setrlimit(RLIMIT_FSIZE, &small);
    CU_ASSERT_FALSE(log_file_write(file, SPAN("2 torn\n")));
    CU_ASSERT_FALSE(log_file_write(file, SPAN("3 lost\n")));
    setrlimit(RLIMIT_FSIZE, &before);
    CU_ASSERT_TRUE(log_file_write(file, SPAN("4 whole\n")));
    CU_ASSERT_TRUE(log_file_write(file, SPAN("5 whole\n")));
    CU_ASSERT_STRING_EQUAL(content("log"), "1 whole\n2 \n4 whole\n5 whole\n");
    end();
}

UNIT_MAIN("error_log", {"line", line}, {"about", about}, {"levels", levels},
          {"hostile", hostile}, {"one_file", one_file}, {"reopen", reopen},
          {"reopen_fails", reopen_fails}, {"cannot_open", cannot_open},
          {"set", set}, {"torn", torn})
