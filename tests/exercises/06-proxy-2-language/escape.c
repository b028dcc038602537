/* escape: what a byte in the log was can be read, and what reads so was it. */

#include "error_log.h"
#include "unit.h"

#include <stdlib.h>
#include <unistd.h>

static char text[8192];

/* The line that a message makes, from the message on; with its end. */
static const char *line_of(const char *message)
{
    char path[] = "/tmp/strata-escape-XXXXXX";
    struct log_file file = {.fd = mkstemp(path)};
    const struct error_log log = {NULL, ERROR_LOG_ERROR, &file};
    ssize_t n;
    char *at;

    CU_ASSERT_FATAL(file.fd >= 0);
    unlink(path);
    error_log_write(&log, ERROR_LOG_ERROR, 0, "-> %s", message);
    n = pread(file.fd, text, sizeof text - 1, 0);
    close(file.fd);
    CU_ASSERT_FATAL(n > 0);
    text[n] = '\0';
    at = strstr(text, "-> ");
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    return at + 3;
}

static void test_bytes(void)
{
    CU_ASSERT_STRING_EQUAL(line_of("plain"), "plain\n");
    CU_ASSERT_STRING_EQUAL(line_of("a\nb"), "a\\x0Ab\n");
    CU_ASSERT_STRING_EQUAL(line_of("\033[31m\177"), "\\x1B[31m\\x7F\n");
    CU_ASSERT_STRING_EQUAL(line_of("\\x1B"), "\\x5Cx1B\n");
    CU_ASSERT_STRING_EQUAL(line_of("\303\244"), "\303\244\n");
}

/* However much longer it becomes, the line ends in time, and no escape is cut. */
static void test_full(void)
{
    char message[3000];
    const char *line;
    size_t len;

    memset(message, '\001', sizeof message - 1);
    message[sizeof message - 1] = '\0';
    line = line_of(message);
    CU_ASSERT(strlen(text) <= 2048);
    CU_ASSERT(strlen(text) > 2040);
    len = strlen(line);
    CU_ASSERT_EQUAL(len % 4, 1);
    CU_ASSERT_STRING_EQUAL(line + len - 5, "\\x01\n");
}

UNIT_MAIN("escape", {"bytes", test_bytes}, {"a full line", test_full})
