/* A tree with everything that a path can meet, opened in every way: by the
 * kernel's openat2 and, under a seccomp filter that denies it, by our walk. */

#include "file.h"
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net.h"

static char top[] = "/tmp/strata-file-XXXXXX";
static int root;

static void put(const char *name, const char *text)
{
    int fd = openat(root, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_FATAL(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

static void link_to(const char *target, const char *name)
{
    CU_ASSERT_FATAL(symlinkat(target, root, name) == 0);
}

static void put_socket(const char *name)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(addr.sun_path, sizeof addr.sun_path, "%s/%s", top, name);
    CU_ASSERT_FATAL(bind(fd, (struct sockaddr *)&addr, sizeof addr) == 0);
    close(fd);
}

/* top/secret lies outside of the root, top/root. */
static void make_tree(void)
{
    char path[256];

    strcpy(top, "/tmp/strata-file-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(top));
    snprintf(path, sizeof path, "%s/root", top);
    CU_ASSERT_FATAL(mkdir(path, 0755) == 0);
    root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    CU_ASSERT_FATAL(root >= 0);
    put("../secret", "secret");
    CU_ASSERT_FATAL(mkdirat(root, "dir", 0755) == 0);
    CU_ASSERT_FATAL(mkdirat(root, "dir/sub", 0755) == 0);
    CU_ASSERT_FATAL(mkdirat(root, "shut", 0) == 0);
    put("a", "A\n");
    put("empty", "");
    put("dir/b", "BB\n");
    put("dir/sub/c", "CCC\n");
    put("noread", "x");
    CU_ASSERT_FATAL(fchmodat(root, "noread", 0, 0) == 0);
    CU_ASSERT_FATAL(mkfifoat(root, "fifo", 0644) == 0);
    put_socket("root/socket");
    link_to("a", "to-a");
    link_to("dir", "to-dir");
    link_to("to-a", "to-to-a");
    link_to("../a", "dir/up-to-a");
    link_to("../../a", "dir/sub/up-up-to-a");
    link_to("dir/sub/../b", "around");
    link_to("../secret", "out");
    link_to("..", "parent");
    link_to("../root/a", "out-and-in");
    link_to("../../../secret", "dir/sub/out");
    snprintf(path, sizeof path, "%s/root/a", top);
    link_to(path, "absolute");
    link_to("/etc/passwd", "passwd");
    link_to("/dev/zero", "device");
    link_to("nowhere", "dangling");
    link_to("loop", "loop");
    link_to("a/", "a-slash");
    link_to("to-dir/", "dir-slash");
}

static void remove_tree(void)
{
    char command[128];

    close(root);
    snprintf(command, sizeof command, "chmod 700 %s/root/shut; rm -r %s", top,
             top);
    CU_ASSERT(system(command) == 0);
}

static const struct {
    const char *path;
    int follow, beneath, none; /* the status of each way */
    const char *content;       /* when there is one */
} rows[] = {
    {"a", 0, 0, 0, "A\n"},
    {"/a", 0, 0, 0, "A\n"},
    {"///a", 0, 0, 0, "A\n"},
    {"dir/b", 0, 0, 0, "BB\n"},
    {"dir//b", 0, 0, 0, "BB\n"},
    {"./dir/./b", 0, 0, 0, "BB\n"},
    {"dir/sub/c", 0, 0, 0, "CCC\n"},
    {"empty", 0, 0, 0, ""},
    {"nix", 404, 404, 404, NULL},
    {"nix/a", 404, 404, 404, NULL},
    {"dir/nix", 404, 404, 404, NULL},
    {"a/", 404, 404, 404, NULL},
    {"a/b", 404, 404, 404, NULL},
    {"a/.", 404, 404, 404, NULL},
    {"fifo", 404, 404, 404, NULL},
    {"socket", 404, 404, 404, NULL},
    {"device", 404, 403, 403, NULL},
    {"..", 403, 403, 403, NULL},
    {"../secret", 403, 403, 403, NULL},
    {"/../secret", 403, 403, 403, NULL},
    {"dir/../a", 403, 403, 403, NULL},
    {"dir/..", 403, 403, 403, NULL},
    {"...", 404, 404, 404, NULL},
    {"to-a", 0, 0, 403, "A\n"},
    {"to-to-a", 0, 0, 403, "A\n"},
    {"to-dir/b", 0, 0, 403, "BB\n"},
    {"dir/up-to-a", 0, 0, 403, "A\n"},
    {"dir/sub/up-up-to-a", 0, 0, 403, "A\n"},
    {"to-dir/sub/up-up-to-a", 0, 0, 403, "A\n"},
    {"around", 0, 0, 403, "BB\n"},
    {"dir-slash/b", 0, 0, 403, "BB\n"},
    {"to-a/", 404, 404, 403, NULL},
    {"to-a/x", 404, 404, 403, NULL},
    {"a-slash", 404, 404, 403, NULL},
    {"dangling", 404, 404, 403, NULL},
    {"loop", 403, 403, 403, NULL},
    {"out", 0, 403, 403, "secret"},
    {"parent/secret", 0, 403, 403, "secret"},
    {"dir/sub/out", 0, 403, 403, "secret"},
    {"out-and-in", 0, 403, 403, "A\n"},
    {"absolute", 0, 403, 403, "A\n"},
};

static void check_content(const struct file *file, const char *want)
{
    char text[64];
    ssize_t n = pread(file->fd, text, sizeof text, 0);

    CU_ASSERT_EQUAL(file->size, strlen(want));
    CU_ASSERT(n == (ssize_t)strlen(want) && memcmp(text, want, (size_t)n) == 0);
    CU_ASSERT_FALSE(file->directory);
    CU_ASSERT_EQUAL(fcntl(file->fd, F_GETFD), FD_CLOEXEC);
}

static void check_path(const char *path, enum file_links links, int want,
                       const char *content)
{
    struct file file;
    int status = file_open(&file, root, path, links);

    if (status != want)
        printf("%s, links %d: want %d, got %d (%s)\n", path, links, want,
               status, strerror(errno));
    CU_ASSERT_EQUAL(status, want);
    if (status == 0)
        check_content(&file, content);
    else
        CU_ASSERT_EQUAL(file.fd, -1);
    if (file.fd >= 0)
        close(file.fd);
}

static int open_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int n = 0;

    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

static void check_directory(const char *path, enum file_links links)
{
    struct file file;

    CU_ASSERT_EQUAL(file_open(&file, root, path, links), 0);
    CU_ASSERT(file.directory);
    CU_ASSERT_EQUAL(file.fd, -1);
}

static void check_all(void)
{
    int before = open_descriptors();

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_path(rows[i].path, FILE_LINKS_FOLLOW, rows[i].follow,
                   rows[i].content);
        check_path(rows[i].path, FILE_LINKS_BENEATH, rows[i].beneath,
                   rows[i].content);
        check_path(rows[i].path, FILE_LINKS_NONE, rows[i].none,
                   rows[i].content);
    }
    for (enum file_links l = FILE_LINKS_FOLLOW; l <= FILE_LINKS_NONE; l++) {
        check_directory("", l);
        check_directory("/", l);
        check_directory(".", l);
        check_directory("dir", l);
        check_directory("/dir/", l);
        check_directory("dir/sub/", l);
    }
    check_directory("to-dir", FILE_LINKS_BENEATH);
    check_directory("dir-slash", FILE_LINKS_BENEATH);
    CU_ASSERT_EQUAL(open_descriptors(), before);
}

static void check_long_names(void)
{
    char name[8192];

    for (enum file_links l = FILE_LINKS_FOLLOW; l <= FILE_LINKS_NONE; l++) {
        memset(name, 'a', sizeof name);
        name[256] = '\0';
        check_path(name, l, 404, NULL);
        name[256] = 'a';
        name[sizeof name - 1] = '\0';
        check_path(name, l, 404, NULL);
        for (size_t i = 0; i < 4000; i += 2)
            memcpy(name + i, "./", 2);
        name[4000] = 'a';
        name[4001] = '\0';
        check_path(name, l, 0, "A\n");
    }
}

static void test_kernel(void)
{
    make_tree();
    check_all();
    check_long_names();
    remove_tree();
}

/* From here on, this process and its children know no openat2. */
static bool deny_openat2(int error)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof code[0], code};

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* The walk must give the kernel's answers.  It is tried in a child, for a
 * filter cannot be taken off again; the child's exit status says how often an
 * assertion failed. */
static void check_without_openat2(int error)
{
    int status;
    pid_t pid;

    make_tree();
    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        unsigned before = CU_get_number_of_failures();

        if (!deny_openat2(error))
            _exit(99);
        check_all();
        check_long_names();
        fflush(stdout);
        _exit(CU_get_number_of_failures() != before);
    }
    CU_ASSERT_FATAL(waitpid(pid, &status, 0) == pid);
    CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    remove_tree();
}

static void test_walk(void)
{
    check_without_openat2(ENOSYS);
    check_without_openat2(EPERM);
}

/* File modes mean nothing to root, so a child becomes somebody else. */
static void test_unreadable(void)
{
    int status;
    pid_t pid;

    make_tree();
    CU_ASSERT_FATAL(chmod(top, 0755) == 0);
    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        unsigned before = CU_get_number_of_failures();

        if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
            _exit(99);
        for (enum file_links l = FILE_LINKS_FOLLOW; l <= FILE_LINKS_NONE; l++) {
            check_path("noread", l, 403, NULL);
            check_path("shut/x", l, 403, NULL);
            check_directory("shut", l);
        }
        fflush(stdout);
        _exit(CU_get_number_of_failures() != before);
    }
    CU_ASSERT_FATAL(waitpid(pid, &status, 0) == pid);
    CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    remove_tree();
}

static void test_facts(void)
{
    struct timespec times[2] = {{784111777, 0}, {784111777, 0}};
    struct file file;

    make_tree();
    CU_ASSERT_FATAL(utimensat(root, "dir/b", times, 0) == 0);
    CU_ASSERT_EQUAL_FATAL(file_open(&file, root, "dir/b", FILE_LINKS_NONE), 0);
    CU_ASSERT_EQUAL(file.mtime, 784111777);
    CU_ASSERT_EQUAL(file.size, 3);
    close(file.fd);
    remove_tree();
}

/* Reads all that comes, slowly, and counts it. */
static void *drain(void *arg)
{
    int fd = *(int *)arg;
    char block[4096];
    size_t total = 0;
    ssize_t n;

    while ((n = read(fd, block, sizeof block)) > 0)
        total += (size_t)n;
    return (void *)total;
}

static void test_send(void)
{
    size_t size = 1 << 20;
    struct file file;
    pthread_t reader;
    void *total;
    int pair[2];

    make_tree();
    put("big", "begin");
    CU_ASSERT_EQUAL_FATAL(file_open(&file, root, "big", FILE_LINKS_NONE), 0);
    close(file.fd);
    file.fd = openat(root, "big", O_RDWR);
    CU_ASSERT_FATAL(ftruncate(file.fd, (off_t)size) == 0);
    CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) ==
                    0);

    /* Nobody reads: the socket fills up, then the patience is over. */
    CU_ASSERT(file_send(pair[0], file.fd, 0, size, 50) < size);
    CU_ASSERT_EQUAL(errno, ETIMEDOUT);
    close(pair[0]);
    close(pair[1]);

    CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    CU_ASSERT_FATAL(fcntl(pair[0], F_SETFL, O_NONBLOCK) == 0);
    CU_ASSERT_FATAL(pthread_create(&reader, NULL, drain, &pair[1]) == 0);
    CU_ASSERT_EQUAL(file_send(pair[0], file.fd, 1, size - 1, 2000), size - 1);
    CU_ASSERT_EQUAL(file_send(pair[0], file.fd, size - 9, 5, 2000), 5);
    CU_ASSERT_EQUAL(file_send(pair[0], file.fd, 0, 0, 2000), 0);

    /* The file is shorter than was promised. */
    CU_ASSERT_EQUAL(file_send(pair[0], file.fd, size - 9, 100, 2000), 9);
    CU_ASSERT_EQUAL(errno, 0);

    /* A file that cannot be sent by sendfile is copied. */
    close(file.fd);
    file.fd = open("/proc/self/stat", O_RDONLY);
    CU_ASSERT_EQUAL(file_send(pair[0], file.fd, 0, 20, 2000), 20);
    close(file.fd);
    close(pair[0]);
    pthread_join(reader, &total);
    close(pair[1]);
    CU_ASSERT_EQUAL((size_t)total, size - 1 + 5 + 9 + 20);
    remove_tree();
}

UNIT_MAIN("file", {"kernel", test_kernel}, {"walk", test_walk},
          {"unreadable", test_unreadable}, {"facts", test_facts},
          {"send", test_send})
