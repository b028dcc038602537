/* tree: copying, with one modification time for all. */

#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_LEN 8 /* of "0000000\n", which fills files of a given size */

static int delete_one(const char *path, const struct stat *st, int type,
                      struct FTW *at)
{
    (void)st;
    (void)at;
    return type == FTW_DP || type == FTW_DNR ? rmdir(path) : unlink(path);
}

/* A folder without rights of its own is opened up first: root may not pass
 * over modes here either. */
static int open_up(const char *path, const struct stat *st, int type,
                   struct FTW *at)
{
    (void)st;
    (void)at;
    if (type == FTW_D || type == FTW_DNR)
        chmod(path, 0700);
    return 0;
}

void tree_delete(const char *path)
{
    nftw(path, open_up, 16, FTW_PHYS);
    nftw(path, delete_one, 16, FTW_PHYS | FTW_DEPTH);
}

static bool set_mtime(const char *path, int64_t mtime)
{
    struct timespec times[2] = {{mtime, 0}, {mtime, 0}};

    return utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool copy_bytes(int in, int out)
{
    char block[65536];
    ssize_t n;

    while ((n = read(in, block, sizeof block)) > 0)
        if (write(out, block, (size_t)n) != n)
            return false;
    return n == 0;
}

bool tree_copy_file(const char *from, const char *to, struct err *e)
{
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    bool good = in >= 0 && out >= 0 && copy_bytes(in, out);
    int why = errno;

    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    return good ||
           err_set(e, "cannot copy %s to %s: %s", from, to, strerror(why));
}

static bool copy_folder(const char *from, const char *to, struct err *e);

static bool copy_entry(const char *from, const char *to, const char *name,
                       struct err *e)
{
    struct mem m = {0};
    char *source = mem_printf(&m, "%s/%s", from, name);
    char *target = mem_printf(&m, "%s/%s", to, name);
    struct stat st;
    bool good = lstat(source, &st) == 0;

    if (!good)
        err_set(e, "cannot look at %s: %s", source, strerror(errno));
    else if (S_ISDIR(st.st_mode))
        good = copy_folder(source, target, e);
    else
        good =
            tree_copy_file(source, target, e) && set_mtime(target, TREE_MTIME);
    mem_free(&m);
    return good;
}

static bool copy_folder(const char *from, const char *to, struct err *e)
{
    DIR *dir = opendir(from);
    struct dirent *entry;
    bool good = true;

    if (!dir || (mkdir(to, 0755) != 0 && errno != EEXIST)) {
        err_set(e, "cannot copy the folder %s to %s: %s", from, to,
                strerror(errno));
        if (dir)
            closedir(dir);
        return false;
    }
    while (good && (entry = readdir(dir)))
        if (strcmp(entry->d_name, ".") != 0 &&
            strcmp(entry->d_name, "..") != 0 &&
            strcmp(entry->d_name, "__pycache__") != 0)
            good = copy_entry(from, to, entry->d_name, e);
    closedir(dir);
    return good && set_mtime(to, TREE_MTIME);
}

/* Makes the folders on the way to path, which is below root. */
static void make_parents(const char *root, const char *path)
{
    struct mem m = {0};
    char *full = mem_printf(&m, "%s/%s", root, path);

    for (char *p = full + strlen(root) + 1; (p = strchr(p, '/')); p++) {
        *p = '\0';
        if (mkdir(full, 0755) == 0)
            set_mtime(full, TREE_MTIME);
        *p = '/';
    }
    mem_free(&m);
}

bool tree_write(const char *root, struct span path, struct span bytes,
                struct err *e)
{
    struct mem m = {0};
    char *full = mem_printf(&m, "%s/%s", root, path.ptr);
    FILE *out;
    bool good;

    make_parents(root, path.ptr);
    out = fopen(full, "wbe");
    good = out && fwrite(bytes.ptr, 1, bytes.len, out) == bytes.len;
    if (out && fclose(out) != 0)
        good = false;
    if (!good)
        err_set(e, "cannot write %s: %s", full, strerror(errno));
    mem_free(&m);
    return good;
}

bool tree_remove(const char *root, struct span path, struct err *e)
{
    struct mem m = {0};
    char *full = mem_printf(&m, "%s/%s", root, path.ptr);
    bool good = remove(full) == 0 ||
                err_set(e, "cannot remove %s: %s", full, strerror(errno));

    mem_free(&m);
    return good;
}

/* Fills or cuts the file to `size` bytes. */
static bool fill_file(const char *full, int64_t size)
{
    FILE *out = fopen(full, "abe");
    bool good = out != NULL;

    if (!good)
        return false;
    fseeko(out, 0, SEEK_END);
    for (int64_t at = ftello(out); good && at < size; at += LINE_LEN)
        good = fprintf(out, "%07lld\n", (long long)(at / LINE_LEN)) == LINE_LEN;
    return fclose(out) == 0 && truncate(full, size) == 0 && good;
}

static bool change_file(const char *root, const char *full,
                        const struct tree_change *x, struct err *e)
{
    struct text_env env = {.files = root};
    struct mem m = {0};
    struct pattern p;
    bool good = true;

    if (x->has_text || access(full, F_OK) != 0)
        good = text_resolve(&x->text, &env, &m, &p, e) &&
               tree_write(root, x->path, pattern_bytes(&p), e);
    mem_free(&m);
    if (good && x->size >= 0 && !fill_file(full, x->size))
        good = err_set(e, "cannot fill %s: %s", full, strerror(errno));
    return good;
}

/* Modes are set last: a folder without rights takes no file. */
static bool make_change(const char *root, const struct tree_change *x,
                        struct err *e)
{
    struct mem m = {0};
    char *full = mem_printf(&m, "%s/%s", root, x->path.ptr);
    bool good = true;

    make_parents(root, x->path.ptr);
    if (x->kind == TREE_FILE)
        good = change_file(root, full, x, e);
    else if (x->kind == TREE_DIR)
        good = mkdir(full, 0755) == 0 || errno == EEXIST ||
               err_set(e, "cannot make %s: %s", full, strerror(errno));
    else
        good = symlink(x->target.ptr, full) == 0 ||
               err_set(e, "cannot link %s: %s", full, strerror(errno));
    if (good)
        set_mtime(full, x->mtime >= 0 ? x->mtime : TREE_MTIME);
    mem_free(&m);
    return good;
}

static bool make_changes(const char *to, const struct corpus_case *c,
                         struct err *e)
{
    struct mem m = {0};

    for (size_t i = 0; i < c->change_count; i++)
        if (!make_change(to, &c->changes[i], e))
            return false;
    for (size_t i = 0; i < c->change_count; i++)
        if (c->changes[i].mode >= 0)
            chmod(mem_printf(&m, "%s/%s", to, c->changes[i].path.ptr),
                  (mode_t)c->changes[i].mode);
    mem_free(&m);
    return true;
}

bool tree_make(const char *corpus, const char *to, const struct corpus_case *c,
               struct err *e)
{
    static const char *const parts[] = {"www", "apps"};
    struct mem m = {0};
    bool good = true;

    tree_delete(to);
    mkdir(to, 0755);
    for (int i = 0; good && i < 2; i++)
        good = copy_folder(mem_printf(&m, "%s/%s", corpus, parts[i]),
                           mem_printf(&m, "%s/%s", to, parts[i]), e);
    mem_free(&m);
    return good && (!c || make_changes(to, c, e));
}
