/* A pidfile's life, whose it is, and what is refused as a pid. */

#include "pidfile.h"
#include "unit.h"

#include "bytes.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[] = "/tmp/test_pidfile.XXXXXX";
static char beside[sizeof path + 5];
static char text[PIDFILE_TEXT];

static void put(const char *what)
{
    FILE *f = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    fputs(what, f);
    fclose(f);
}

static bool is_there(const char *name)
{
    struct stat st;

    return lstat(name, &st) == 0;
}

static void set_up(void)
{
    int fd = mkstemp(path);
    CU_ASSERT_FATAL(fd >= 0);
    close(fd);
    snprintf(beside, sizeof beside, "%s.old", path);
}

static void life(void)
{
    struct pidfile p;
    struct stat st;

    put("a long text that was there before\n");
    CU_ASSERT_PTR_NULL_FATAL(pidfile_open(&p, path));
    CU_ASSERT_PTR_NULL(pidfile_write(&p));
    CU_ASSERT_EQUAL(p.fd, -1); /* it is for no process that is forked later */
    CU_ASSERT_EQUAL(pidfile_read(path, text), getpid());
    CU_ASSERT_EQUAL(stat(path, &st), 0);
    CU_ASSERT_EQUAL(st.st_size, (off_t)strlen(text) + 1);
    pidfile_close(&p);
    CU_ASSERT(is_there(path)); /* it stays */
    CU_ASSERT_PTR_NULL(pidfile_open(&p, path));
    pidfile_close(&p);
    CU_ASSERT(is_there(path)); /* it was there before */
    CU_ASSERT_PTR_NULL(pidfile_open(&p, path));
    pidfile_remove(&p);
    CU_ASSERT_FALSE(is_there(path));
    pidfile_close(&p);
    CU_ASSERT_PTR_NULL(pidfile_open(&p, path));
    pidfile_close(&p); /* made, and never written */
    CU_ASSERT_FALSE(is_there(path));
}

/* What stands for another process is another's. */
static void not_ours(void)
{
    struct pidfile p;

    CU_ASSERT_PTR_NULL_FATAL(pidfile_open(&p, path));
    CU_ASSERT_PTR_NULL(pidfile_write(&p));
    put("1\n");
    pidfile_remove(&p);
    CU_ASSERT(is_there(path));
    pidfile_close(&p);
    unlink(path);
}

static void other_name(void)
{
    struct pidfile p;

    CU_ASSERT_PTR_NULL_FATAL(pidfile_open(&p, path));
    CU_ASSERT_PTR_NULL(pidfile_write(&p));
    CU_ASSERT(pidfile_rename(&p, beside));
    CU_ASSERT(!is_there(path) && is_there(beside));
    CU_ASSERT_FALSE(pidfile_rename(&p, "/no/such/dir/p"));
    CU_ASSERT_EQUAL(errno, ENOENT);
    pidfile_remove(&p);
    CU_ASSERT_FALSE(is_there(beside));
    pidfile_close(&p);
}

/* What is removed is the link, not what somebody else keeps behind it. */
static void link_goes(void)
{
    struct pidfile p;

    put("kept\n");
    CU_ASSERT_EQUAL_FATAL(symlink(path, beside), 0);
    CU_ASSERT_PTR_NULL_FATAL(pidfile_open(&p, beside));
    CU_ASSERT_PTR_NULL(pidfile_write(&p));
    pidfile_remove(&p);
    pidfile_close(&p);
    CU_ASSERT(!is_there(beside) && is_there(path));
    unlink(path);
}

/* The call that failed, and errno. */
static void fails(const char *name, const char *call, int errnum)
{
    struct pidfile p;
    const char *failed = pidfile_open(&p, name);

    if (failed == NULL)
        failed = pidfile_write(&p);
    CU_ASSERT_EQUAL(errno, errnum);
    CU_ASSERT_PTR_NOT_NULL_FATAL(failed);
    CU_ASSERT_STRING_EQUAL(failed, call);
    pidfile_close(&p);
}

static void failures(void)
{
    struct pidfile p;

    fails("/no/such/dir/p", "open", ENOENT);
    fails("/dev/full", "write", ENOSPC);
    CU_ASSERT_EQUAL_FATAL(mkfifo(path, 0600), 0);
    fails(path, "open", ENXIO); /* nobody reads there */
    unlink(path);
    CU_ASSERT_PTR_NULL_FATAL(pidfile_open(&p, "/dev/null"));
    CU_ASSERT_PTR_NULL(pidfile_write(&p));
    pidfile_remove(&p);
    pidfile_close(&p);
    CU_ASSERT(is_there("/dev/null"));
}

static void asked_without_a_trace(void)
{
    CU_ASSERT(pidfile_possible(path));
    CU_ASSERT_FALSE(is_there(path));
    put("1\n");
    CU_ASSERT(pidfile_possible(path));
    unlink(path);
    CU_ASSERT(pidfile_possible("relative.pid"));
    CU_ASSERT_FALSE(pidfile_possible("/no/such/dir/p"));
    CU_ASSERT_EQUAL(errno, ENOENT);
}

/* A signal to process 0 or -1 would go to a whole group, or to everybody. */
static void refused(void)
{
    static const char *const table[] = {
        "", "\n", "0\n", "-5\n", "abc\n", "12 34\n", "12x", "  12",
        "99999999999999999999\n", "4294967295\n", "2147483648\n",
    };

    for (size_t i = 0; i < COUNT(table); i++) {
        put(table[i]);
        CU_ASSERT_EQUAL(pidfile_read(path, text), 0);
        CU_ASSERT_EQUAL(errno, 0);
        CU_ASSERT_EQUAL(strncmp(text, table[i], strlen(text)), 0);
    }
    unlink(path);
    CU_ASSERT_EQUAL(pidfile_read(path, text), 0);
    CU_ASSERT_EQUAL(errno, ENOENT);
    CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
    alarm(unit_patience() / 1000); /* no one writes, and no one may wait */
    CU_ASSERT_EQUAL(pidfile_read(path, text), 0);
    alarm(0);
    unlink(path);
}

/* The first process of a container is a server too. */
static void accepted(void)
{
    put("1\n");
    CU_ASSERT_EQUAL(pidfile_read(path, text), 1);
    put("4711 \r\n");
    CU_ASSERT_EQUAL(pidfile_read(path, text), 4711);
    put("2147483647");
    CU_ASSERT_EQUAL(pidfile_read(path, text), 2147483647);
    unlink(path);
}

UNIT_MAIN("pidfile", {"set up", set_up}, {"life", life},
          {"not ours", not_ours}, {"other name", other_name},
          {"a link goes, not its target", link_goes}, {"failures", failures},
          {"asked without a trace", asked_without_a_trace},
          {"refused", refused}, {"accepted", accepted})
