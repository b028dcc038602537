/* pid_file: written, tested without a trace, read, and refused. */

#include "unit.h"

#include "pid_file.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64], path[96];
static struct err err;

static void begin(void)
{
    strcpy(dir, "/tmp/strata-pid-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/pid", dir);
}

static void end(void)
{
    unlink(path);
    CU_ASSERT_EQUAL(rmdir(dir), 0);
}

static void there_and_back(void)
{
    pid_t pid = 0;

    begin();
    CU_ASSERT_TRUE(pid_file_write(path, &err));
    CU_ASSERT_TRUE(pid_file_read(path, &pid, &err));
    CU_ASSERT_EQUAL(pid, getpid());
    CU_ASSERT_TRUE(pid_file_write(path, &err)); /* over what was there */
    end();
}

static void write_fails(void)
{
    char bad[128];

    begin();
    snprintf(bad, sizeof bad, "%s/none/pid", dir);
    CU_ASSERT_FALSE(pid_file_write(bad, &err));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "open() \""));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "(2: No such file or directory)"));
    CU_ASSERT_FALSE(pid_file_test(bad, &err));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "(2: No such file or directory)"));
    CU_ASSERT_FALSE(pid_file_write("/dev/full", &err));
    CU_ASSERT_STRING_EQUAL(
        err.text, "write() \"/dev/full\" failed (28: No space left on device)");
    end();
}

static void test_leaves_nothing(void)
{
    begin();
    CU_ASSERT_TRUE(pid_file_test(path, &err));
    CU_ASSERT_EQUAL(access(path, F_OK), -1);
    CU_ASSERT_TRUE(pid_file_write(path, &err));
    CU_ASSERT_TRUE(pid_file_test(path, &err));
    CU_ASSERT_TRUE(pid_file_test("relative.pid", &err));
    end();
}

static void read_text(const char *text, size_t len, const char *shown)
{
    char expected[256];
    FILE *f = fopen(path, "w");
    pid_t pid = 77;

    fwrite(text, 1, len, f);
    fclose(f);
    CU_ASSERT_FALSE(pid_file_read(path, &pid, &err));
    CU_ASSERT_EQUAL(pid, 77);
    snprintf(expected, sizeof expected, "invalid PID number \"%s\" in \"%s\"",
             shown, path);
    CU_ASSERT_STRING_EQUAL(err.text, expected);
}

/* A signal to process 0 or -1 would go to a whole group, or to everybody. */
static void hostile_content(void)
{
    pid_t pid;

    begin();
    CU_ASSERT_FALSE(pid_file_read(path, &pid, &err));
    read_text("", 0, "");
    read_text("\n", 1, "");
    read_text("abc\n", 4, "abc");
    read_text("0\n", 2, "0");
    read_text("-1\n", 3, "-1");
    read_text("12 34\n", 6, "12 34");
    read_text("2147483648\n", 11, "2147483648");
    read_text("1111111111111111111111111111111111", 34,
              "11111111111111111111111111111111");
    end();
}

UNIT_MAIN("pid_file", {"there_and_back", there_and_back},
          {"write_fails", write_fails},
          {"test_leaves_nothing", test_leaves_nothing},
          {"hostile_content", hostile_content})
