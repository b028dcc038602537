/* settings_magic: the words of one letter that a configuration file may say
 * about itself and the machine, see settings_file.h. */

#include "settings_file.h"

#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The part of s after the last `c`; all of it when there is none. */
static struct span after_last(struct span s, char c)
{
    const char *at = s.len ? memrchr(s.ptr, c, s.len) : NULL;

    return at != NULL ? span_after(s, at) : s;
}

static bool put_path(struct buf *out, const char *path, char letter)
{
    struct span whole = span_of(path), name = after_last(whole, '/');
    struct span extension = after_last(name, '.');
    struct span directory = {path, whole.len - name.len};

    switch (letter) {
    case 'p':
        return buf_add_span(out, whole);
    case 's':
        return buf_add_span(out, name);
    case 'd':
        return buf_add_span(out, directory);
    case 'e':
        return extension.len == name.len || buf_add_span(out, extension);
    case 'n':
        if (extension.len < name.len)
            name.len -= extension.len + 1;
        return buf_add_span(out, name);
    default: /* c */
        if (directory.len > 0)
            directory.len--;
        return buf_add_span(out, after_last(directory, '/'));
    }
}

static bool put_machine(struct buf *out, char letter)
{
    char text[PATH_MAX] = "";
    const struct passwd *user;
    const struct group *group;

    switch (letter) {
    case 'v':
        return getcwd(text, sizeof text) != NULL && buf_add_text(out, text);
    case 'h':
        gethostname(text, sizeof text - 1);
        return buf_add_text(out, text);
    case 'u':
        return buf_printf(out, "%u", getuid());
    case 'g':
        return buf_printf(out, "%u", getgid());
    case 'U':
        user = getpwuid(getuid());
        return user == NULL || buf_add_text(out, user->pw_name);
    case 'G':
        group = getgrgid(getgid());
        return group == NULL || buf_add_text(out, group->gr_name);
    case 'k':
        return buf_printf(out, "%ld", sysconf(_SC_NPROCESSORS_ONLN));
    default: /* t */
        return buf_printf(out, "%lld", (long long)time(NULL));
    }
}

static bool put_word(struct buf *out, const struct settings_source *source,
                     char letter)
{
    if (letter == '%')
        return buf_add_char(out, '%');
    if (letter == 'x')
        return buf_add_text(out,
                            source->section != NULL ? source->section : "");
    if (strchr("psdenc", letter) != NULL)
        return put_path(out, source->path, letter);
    if (strchr("vhugUGkt", letter) != NULL)
        return put_machine(out, letter);
    return buf_add_char(out, '%') && buf_add_char(out, letter);
}

bool settings_magic(struct buf *out, const struct settings_source *source,
                    struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        bool ok = text.ptr[i] == '%' && i + 1 < text.len && text.ptr[i + 1]
                      ? put_word(out, source, text.ptr[++i])
                      : buf_add_char(out, text.ptr[i]);
        if (!ok)
            return false;
    }
    return true;
}
