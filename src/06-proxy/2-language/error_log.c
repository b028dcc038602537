/* error_log: a line is made on the stack and written at once; what goes wrong
 * is rare, and must be on the disk when the process dies of it. */

#include "error_log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define LINE_SIZE 2048

static const char *const level_names[] = {
    [ERROR_LOG_EMERG] = "emerg", [ERROR_LOG_ALERT] = "alert",
    [ERROR_LOG_CRIT] = "crit",   [ERROR_LOG_ERROR] = "error",
    [ERROR_LOG_WARN] = "warn",   [ERROR_LOG_NOTICE] = "notice",
    [ERROR_LOG_INFO] = "info",   [ERROR_LOG_DEBUG] = "debug",
};

bool error_log_wants(const struct error_log *log, int level)
{
    for (; log != NULL; log = log->next)
        if (level <= (int)log->level)
            return true;
    return false;
}

/* A line being made: text beyond its size is cut off. */
struct line {
    char text[LINE_SIZE];
    size_t len;
};

static void __attribute__((format(printf, 2, 0)))
line_vadd(struct line *line, const char *format, va_list args)
{
    size_t room = sizeof line->text - line->len; /* the last is for the \n */
    int n = vsnprintf(line->text + line->len, room, format, args);

    if (n > 0)
        line->len += (size_t)n < room ? (size_t)n : room - 1;
}

static void __attribute__((format(printf, 2, 3)))
line_add(struct line *line, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    line_vadd(line, format, args);
    va_end(args);
}

/* What a client sent may stand in the message: it must not be able to write
 * lines of its own, or to talk to the terminal that shows them. */
static void make_harmless(struct line *line, size_t from)
{
    for (; from < line->len; from++)
        if ((unsigned char)line->text[from] < 0x20 || line->text[from] == 0x7f)
            line->text[from] = '?';
}

static void line_begin(struct line *line, int level)
{
    time_t now = time(NULL);
    struct tm tm;

    line->len = 0;
    localtime_r(&now, &tm);
    line_add(line,
             "%04d/%02d/%02d %02d:%02d:%02d [%s] %d#%ld: ", tm.tm_year + 1900,
             tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
             level_names[level], (int)getpid(), (long)syscall(SYS_gettid));
}

/* The number and its words follow what failed, and stand before " while ...",
 * which says what it was for. */
static void line_add_errno(struct line *line, size_t message, int errnum)
{
    char purpose[LINE_SIZE];
    char *at = memmem(line->text + message, line->len - message, " while ", 7);
    size_t n = at != NULL ? (size_t)(line->text + line->len - at) : 0;

    line->len -= n;
    memcpy(purpose, line->text + line->len, n);
    line_add(line, " (%d: %s)%.*s", errnum, strerror(errnum), (int)n, purpose);
}

/* There is nobody to tell that the log could not be written. */
static void line_write(struct line *line, const struct error_log *log,
                       int level)
{
    line->text[line->len++] = '\n';
    for (; log != NULL; log = log->next)
        if (level <= (int)log->level && log->file->fd >= 0)
            log_file_write(log->file, (struct span){line->text, line->len});
}

static void __attribute__((format(printf, 5, 0)))
write_line(const struct error_log *log, int level, int errnum,
           const char *about, const char *format, va_list args)
{
    int before = errno;
    struct line line;
    size_t message;

    if (!error_log_wants(log, level))
        return;
    line_begin(&line, level);
    message = line.len;
    line_vadd(&line, format, args);
    if (errnum != 0)
        line_add_errno(&line, message, errnum);
    line_add(&line, "%s", about);
    make_harmless(&line, message);
    line_write(&line, log, level);
    errno = before;
}

void error_log_write(const struct error_log *log, int level, int errnum,
                     const char *format, ...)
{
    va_list args;

    va_start(args, format);
    write_line(log, level, errnum, "", format, args);
    va_end(args);
}

void error_log_write_about(const struct error_log *log, int level, int errnum,
                           const char *about, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    write_line(log, level, errnum, about, format, args);
    va_end(args);
}

struct error_log *error_log_new(struct conf *cf, struct span file,
                                enum error_level level)
{
    struct error_log *log = arena_zalloc(cf->arena, sizeof *log);

    if (log == NULL)
        return NULL;
    log->level = level;
    log->file = log_file_named(cf, file);
    return log->file == NULL ? NULL : log;
}

/* The level after the file's name; "error" where none stands. */
static bool read_level(struct conf *cf, enum error_level *level)
{
    *level = ERROR_LOG_ERROR;
    if (cf->count == 2)
        return true;
    for (int i = ERROR_LOG_EMERG; i <= ERROR_LOG_DEBUG; i++)
        if (span_eq(cf->words[2], span_of(level_names[i]))) {
            *level = (enum error_level)i;
            return cf->count == 3 ||
                   conf_error(cf, "duplicate log level \"%s\"",
                              cf->words[3].ptr);
        }
    return conf_error(cf, "invalid log level \"%s\"", cf->words[2].ptr);
}

static bool set_error_log(struct conf *cf, const struct conf_row *row,
                          void *settings)
{
    struct error_log **end = &((struct error_log_settings *)settings)->log;
    enum error_level level;

    if (span_starts(cf->words[1], SPAN("syslog:")) ||
        span_starts(cf->words[1], SPAN("memory:")))
        return conf_error(cf, "\"%s\": logs go to files and to \"stderr\" only",
                          cf->words[1].ptr);
    if (!read_level(cf, &level))
        return false;
    while (*end != NULL)
        end = &(*end)->next;
    *end = error_log_new(cf, cf->words[1], level);
    return *end != NULL;
}

static const struct conf_row rows[] = {
    CONF_LIST("error_log", CONF_MAIN | CONF_HTTP | CONF_SERVER | CONF_LOCATION,
              1, CONF_MANY, set_error_log,
              offsetof(struct error_log_settings, log)),
    {0},
};

/* The outermost scope always has one, and with it every other. */
static bool finish(struct conf *cf, void *settings, const void *parent)
{
    struct error_log_settings *s = settings;

    if (parent == NULL && s->log == NULL)
        s->log = error_log_new(cf, cf->error_log, ERROR_LOG_ERROR);
    return s->log != NULL;
}

const struct module error_log_module = {
    .name = "error_log",
    .index = MODULE_INDEX,
    .rows = rows,
    .settings = sizeof(struct error_log_settings),
    .finish = finish,
};
