/* A pidfile's life, and what is refused as a pid. */

#include "daemon.h"
#include "unit.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[] = "/tmp/test_pidfile.XXXXXX";

static void put(const char *text)
{
    FILE *f = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    fputs(text, f);
    fclose(f);
}

static void set_up(void)
{
    int fd = mkstemp(path);
    CU_ASSERT_FATAL(fd >= 0);
    close(fd);
}

static void life(void)
{
    struct pidfile p;
    struct err err;
    char text[32] = "";

    put("a long text that was there before\n");
    CU_ASSERT_FATAL(pidfile_open(&p, path, &err));
    CU_ASSERT(pidfile_write(&p, 4711, &err));
    FILE *f = fopen(path, "r");
    CU_ASSERT_EQUAL(fread(text, 1, sizeof text, f), 5);
    fclose(f);
    CU_ASSERT_NSTRING_EQUAL(text, "4711\n", 5);
    pidfile_remove(&p);
    pidfile_close(&p);
    CU_ASSERT_EQUAL(access(path, F_OK), 0); /* another stands in it: it stays */
    CU_ASSERT(pidfile_open(&p, path, &err));
    pidfile_close(&p);
    CU_ASSERT_EQUAL(access(path, F_OK), 0); /* it was there before */
    CU_ASSERT(pidfile_open(&p, path, &err));
    CU_ASSERT(pidfile_write(&p, getpid(), &err));
    pidfile_remove(&p);
    pidfile_close(&p);
    CU_ASSERT_NOT_EQUAL(access(path, F_OK), 0);
    CU_ASSERT(pidfile_open(&p, path, &err));
    pidfile_close(&p); /* made, and never written */
    CU_ASSERT_NOT_EQUAL(access(path, F_OK), 0);
    CU_ASSERT_FALSE(pidfile_open(&p, "/no/such/dir/p", &err));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "/no/such/dir/p"));
    pidfile_close(&p);
}

/* What is removed is the link, not what somebody else keeps behind it. */
static void link_goes(void)
{
    char link[sizeof path + 5];
    struct pidfile p;
    struct err err;
    struct stat st;

    snprintf(link, sizeof link, "%s.link", path);
    put("kept\n");
    CU_ASSERT_EQUAL_FATAL(symlink(path, link), 0);
    CU_ASSERT_FATAL(pidfile_open(&p, link, &err));
    CU_ASSERT(pidfile_write(&p, getpid(), &err));
    pidfile_remove(&p);
    pidfile_close(&p);
    CU_ASSERT_NOT_EQUAL(lstat(link, &st), 0);
    CU_ASSERT_EQUAL(access(path, F_OK), 0);
    unlink(link);
}

static void refused(void)
{
    static const char *const table[] = {
        "",
        "\n",
        "0\n",
        "1\n",
        "-5\n",
        "abc\n",
        "12 34\n",
        "12x",
        "99999999999999999999\n",
        "4294967295\n",
    };
    struct err err;

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        put(table[i]);
        CU_ASSERT_FALSE(pidfile_signal(path, SIGTERM, &err));
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "expected a pid"));
    }
    unlink(path);
    CU_ASSERT_FALSE(pidfile_signal(path, SIGTERM, &err));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "cannot open the pidfile"));
    CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
    alarm(unit_patience() / 1000); /* no one writes, and no one may wait */
    CU_ASSERT_FALSE(pidfile_signal(path, SIGTERM, &err));
    alarm(0);
    unlink(path);
}

static void signals(void)
{
    char text[32];
    struct err err;
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        pause();
        _exit(0);
    }
    snprintf(text, sizeof text, "  %d", (int)pid);
    put(text);
    CU_ASSERT_FALSE(pidfile_signal(path, 0, &err)); /* blanks before it */
    snprintf(text, sizeof text, "%d \r\n", (int)pid);
    put(text);
    CU_ASSERT(pidfile_signal(path, SIGKILL, &err));
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT(WIFSIGNALED(status));
    CU_ASSERT_FALSE(pidfile_signal(path, SIGKILL, &err));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "No such process"));
    unlink(path);
}

UNIT_MAIN("pidfile", {"set up", set_up}, {"life", life},
          {"a link goes, not its target", link_goes}, {"refused", refused},
          {"signals", signals})
