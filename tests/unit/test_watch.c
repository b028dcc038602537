/* Which file has changed. */

#include "unit.h"
#include "watch.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static char dir[] = "/tmp/test_watch.XXXXXX";

static void write_file(const char *name, const char *text, time_t mtime)
{
    FILE *f = fopen(name, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    fputs(text, f);
    fclose(f);
    struct timespec times[2] = {{mtime, 5}, {mtime, 5}};
    CU_ASSERT_EQUAL(utimensat(AT_FDCWD, name, times, 0), 0);
}

static void all(void)
{
    struct watch w = {0};

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
    CU_ASSERT_EQUAL_FATAL(chdir(dir), 0);
    CU_ASSERT_PTR_NULL(watch_changed(&w));
    write_file("a", "1", 1000);
    CU_ASSERT(watch_add(&w, SPAN("a")));
    CU_ASSERT(watch_add(&w, SPAN("not yet")));
    CU_ASSERT_EQUAL(w.count, 2);
    CU_ASSERT_PTR_NULL(watch_changed(&w));

    write_file("a", "1", 1001); /* the time alone */
    CU_ASSERT_STRING_EQUAL(watch_changed(&w), "a");
    CU_ASSERT_PTR_NULL(watch_changed(&w)); /* once */
    write_file("a", "22", 1001);           /* the size alone */
    CU_ASSERT_STRING_EQUAL(watch_changed(&w), "a");
    write_file("b", "22", 1001); /* the inode alone: renamed over it */
    CU_ASSERT_EQUAL(rename("b", "a"), 0);
    CU_ASSERT_STRING_EQUAL(watch_changed(&w), "a");
    write_file("a", "22", 999); /* back in time is a change too */
    CU_ASSERT_STRING_EQUAL(watch_changed(&w), "a");

    unlink("a"); /* going is none, coming back is one if it is another */
    CU_ASSERT_PTR_NULL(watch_changed(&w));
    write_file("a", "333", 2000);
    CU_ASSERT_STRING_EQUAL(watch_changed(&w), "a");
    write_file("not yet", "", 1000);
    CU_ASSERT_STRING_EQUAL(watch_changed(&w), "not yet");

    write_file("a", "4444", 3000); /* adding again does not hide a change */
    CU_ASSERT(watch_add(&w, SPAN("a")));
    CU_ASSERT_EQUAL(w.count, 2);
    CU_ASSERT_STRING_EQUAL(watch_changed(&w), "a");

    for (int i = 0; i < 300; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%d", i);
        CU_ASSERT(watch_add(&w, span_of(name)));
    }
    CU_ASSERT_EQUAL(w.count, 302);
    watch_clear(&w);
    CU_ASSERT_EQUAL(w.count, 0);
    unlink("a");
    unlink("not yet");
    CU_ASSERT_EQUAL(chdir("/"), 0);
    CU_ASSERT_EQUAL(rmdir(dir), 0);
}

UNIT_MAIN("watch", {"all", all})
