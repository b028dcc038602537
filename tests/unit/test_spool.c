/* The spool, below, at and above the size that stays in memory. */

#include "spool.h"
#include "unit.h"

#include <dirent.h>
#include <stdlib.h>

static void fill(char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        bytes[i] = (char)(i * 7 + i / 251);
}

/* Adds n bytes in pieces and reads them back in other pieces. */
static void check_size(size_t n, size_t piece)
{
    char *bytes = malloc(n + 1), *back = malloc(n + 1);
    struct spool s;
    size_t at;

    fill(bytes, n);
    spool_init(&s);
    for (at = 0; at < n; at += piece) {
        size_t len = n - at < piece ? n - at : piece;
        CU_ASSERT_FATAL(spool_add(&s, (struct span){bytes + at, len}));
    }
    CU_ASSERT_EQUAL(s.len, n);
    CU_ASSERT_EQUAL(s.fd >= 0, n > SPOOL_MEMORY);
    for (at = 0; at < n;) {
        ssize_t len = spool_read(&s, at, back + at, 1 + at / 2);
        CU_ASSERT_FATAL(len > 0);
        at += (size_t)len;
    }
    CU_ASSERT_EQUAL(at, n);
    CU_ASSERT(memcmp(bytes, back, n) == 0);
    CU_ASSERT_EQUAL(spool_read(&s, n, back, 1), 0);
    CU_ASSERT_EQUAL(spool_read(&s, n + 9, back, 1), 0);
    spool_free(&s);
    CU_ASSERT(s.len == 0 && s.fd == -1);
    free(bytes);
    free(back);
}

static void test_sizes(void)
{
    check_size(0, 1);
    check_size(1, 1);
    check_size(SPOOL_MEMORY - 1, 1000);
    check_size(SPOOL_MEMORY, 1000);
    check_size(SPOOL_MEMORY + 1, 1000);
    check_size(SPOOL_MEMORY, SPOOL_MEMORY);
    check_size(SPOOL_MEMORY + 1, SPOOL_MEMORY + 1);
    check_size(300000, 4096);
}

/* The file has no name, so nothing can be left behind. */
static void test_no_name(void)
{
    char directory[] = "/tmp/test_spool.XXXXXX", bytes[SPOOL_MEMORY + 1] = "";
    struct dirent *entry;
    struct spool s;

    CU_ASSERT_FATAL(mkdtemp(directory) != NULL);
    setenv("TMPDIR", directory, 1);
    spool_init(&s);
    CU_ASSERT(spool_add(&s, (struct span){bytes, sizeof bytes}));
    CU_ASSERT(s.fd >= 0);
    DIR *d = opendir(directory);
    while ((entry = readdir(d)) != NULL)
        CU_ASSERT(entry->d_name[0] == '.');
    closedir(d);
    spool_free(&s);
    unsetenv("TMPDIR");
    CU_ASSERT_EQUAL(remove(directory), 0);
}

/* An owner's own bound and folder hold for what he keeps next, too. */
static void test_own(void)
{
    struct spool s;

    spool_init_in(&s, 3, "/nowhere/at/all");
    for (int i = 0; i < 2; i++) {
        CU_ASSERT(spool_add(&s, SPAN("abc")));
        CU_ASSERT_EQUAL(s.fd, -1);
        CU_ASSERT(!spool_add(&s, SPAN("d")));
        spool_free(&s);
    }
    spool_init_in(&s, 3, "/tmp");
    CU_ASSERT(spool_add(&s, SPAN("abc")) && spool_add(&s, SPAN("d")));
    CU_ASSERT(s.fd >= 0 && s.memory.len == 0 && s.len == 4);
    spool_free(&s);
}

UNIT_MAIN("spool", {"sizes", test_sizes}, {"no_name", test_no_name},
          {"own", test_own})
