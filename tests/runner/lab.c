/* lab: conventions for a folder. */

#include "lab.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const names[] = {"",
                                    "strata-echo",
                                    "strata-static",
                                    "strata-uwsgi",
                                    "strata-wsgi",
                                    "strata-prefork",
                                    "strata-proxy"};

const char *lab_program_name(int stage)
{
    return names[stage];
}

static bool is_file(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static bool run_make(struct mem *m, const char *folder, struct err *e)
{
    static const char *const makefiles[] = {"GNUmakefile", "makefile",
                                            "Makefile"};
    bool some = false;
    int status = 0;
    pid_t pid;

    for (int i = 0; i < 3; i++)
        some |= is_file(mem_printf(m, "%s/%s", folder, makefiles[i]));
    if (!some)
        return true;
    pid = fork();
    if (pid == 0) {
        dup2(2, 1);
        unsetenv("MAKEFLAGS");
        unsetenv("MFLAGS");
        unsetenv("MAKELEVEL");
        execlp("make", "make", "-C", folder, (char *)NULL);
        _exit(127);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
        return err_set(e, "make -C %s failed", folder);
    return true;
}

char **lab_find(struct mem *m, const char *folder, int stage, struct err *e)
{
    const char *own = lab_program_name(stage);
    const char *candidates[] = {
        mem_printf(m, "stage%d", stage),
        mem_printf(m, "stage%d.py", stage),
        own,
        mem_printf(m, "bin/%s", own),
        mem_printf(m, "build/%s", own),
        mem_printf(m, "build/bin/%s", own),
        "server",
        "server.py",
        "run",
    };
    char **words = mem_alloc(m, 3 * sizeof *words);

    if (access(folder, F_OK) != 0) {
        err_set(e, "there is no folder %s", folder);
        return NULL;
    }
    if (!run_make(m, folder, e))
        return NULL;
    for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++) {
        char *path = mem_printf(m, "%s/%s", folder, candidates[i]);

        if (!is_file(path))
            continue;
        if (access(path, X_OK) == 0)
            words[0] = path;
        else if (span_ends(span_of(path), SPAN(".py")))
            words[0] = "python3", words[1] = path;
        else
            continue;
        return words;
    }
    err_set(e,
            "%s has no program for stage %d: expected stage%d, stage%d.py, "
            "%s, server, server.py or run (corpus/README.md, \"Whose "
            "program\")",
            folder, stage, stage, stage, own);
    return NULL;
}
