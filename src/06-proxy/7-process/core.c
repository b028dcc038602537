/* core: the rows of the main level and of events { }. */

#include "core.h"

#include "module.h"
#include "supervisor.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_USER "nobody"

static bool set_events(struct conf *cf, const struct conf_row *row,
                       void *settings)
{
    struct core_settings *core = settings;

    core->has_events = 1;
    return conf_block(cf, CONF_EVENTS, cf->scope, cf->subject);
}

static bool set_use(struct conf *cf, const struct conf_row *row, void *settings)
{
    return span_eq(cf->words[1], SPAN("epoll")) ||
           conf_error(cf, "invalid event type \"%s\"", cf->words[1].ptr);
}

/* A number, or `auto`: one for each CPU. */
static bool set_processes(struct conf *cf, const struct conf_row *row,
                          void *settings)
{
    struct core_settings *core = settings;
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);

    if (!span_eq(cf->words[1], SPAN("auto")))
        return conf_parse_number(cf, cf->words[1], row->allowed,
                                 &core->worker_processes) ||
               conf_error(cf, "\"worker_processes\" directive invalid value");
    core->worker_processes =
        cpus < SUPERVISOR_MAX_WORKERS ? cpus : SUPERVISOR_MAX_WORKERS;
    return true;
}

static bool set_connections(struct conf *cf, const struct conf_row *row,
                            void *settings)
{
    struct core_settings *core = settings;

    return conf_parse_number(cf, cf->words[1], row->allowed,
                             &core->worker_connections) ||
           conf_error(cf, "invalid number \"%s\"", cf->words[1].ptr);
}

static bool set_path(struct conf *cf, const struct conf_row *row,
                     void *settings)
{
    cf->words[1] = conf_path(cf, cf->words[1]);
    return cf->words[1].ptr != NULL && conf_set_text(cf, row, settings);
}

static bool set_env(struct conf *cf, const struct conf_row *row, void *settings)
{
    struct core_settings *core = settings;
    struct core_env *env = arena_alloc(cf->arena, sizeof *env);

    if (env == NULL)
        return false;
    *env = (struct core_env){core->env, cf->words[1]};
    core->env = env;
    return true;
}

/* --- user -------------------------------------------------------------- */

/* A name that is not in the database leaves errno at 0 or says why. */
static bool unknown_name(struct conf *cf, const char *call, const char *name)
{
    if (errno == 0)
        return conf_error(cf, "%s(\"%s\") failed", call, name);
    return conf_error(cf, "%s(\"%s\") failed (%d: %s)", call, name, errno,
                      strerror(errno));
}

static const struct core_user *find_user(struct conf *cf, struct span name,
                                         const char *group)
{
    struct core_user *user = arena_alloc(cf->arena, sizeof *user);
    const struct passwd *entry;
    const struct group *its_group;

    if (user == NULL)
        return NULL;
    errno = 0;
    entry = getpwnam(name.ptr);
    if (entry == NULL) {
        unknown_name(cf, "getpwnam", name.ptr);
        return NULL;
    }
    *user = (struct core_user){name, entry->pw_uid, entry->pw_gid};
    if (group == NULL)
        return user;
    errno = 0;
    its_group = getgrnam(group);
    if (its_group == NULL) {
        unknown_name(cf, "getgrnam", group);
        return NULL;
    }
    user->gid = its_group->gr_gid;
    return user;
}

static bool set_user(struct conf *cf, const struct conf_row *row,
                     void *settings)
{
    struct core_settings *core = settings;
    const char *group = cf->words[cf->count - 1].ptr; /* alone: the same name */

    if (geteuid() != 0) {
        conf_warn(cf, "the \"user\" directive makes sense only if the master "
                      "process runs with super-user privileges, ignored");
        return true;
    }
    core->user = find_user(cf, cf->words[1], group);
    return core->user != NULL;
}

/* --- worker_cpu_affinity ----------------------------------------------- */

/* "0101": the rightmost is CPU 0. */
static bool read_mask(struct conf *cf, struct span text, cpu_set_t *mask)
{
    CPU_ZERO(mask);
    if (text.len > CPU_SETSIZE)
        return conf_error(cf,
                          "\"worker_cpu_affinity\" directive supports up to "
                          "%d CPUs only",
                          CPU_SETSIZE);
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[text.len - 1 - i];

        if (c == '1')
            CPU_SET(i, mask);
        else if (c != '0')
            return conf_error(cf,
                              "invalid character \"%c\" in "
                              "\"worker_cpu_affinity\"",
                              c);
    }
    return true;
}

static bool set_affinity(struct conf *cf, const struct conf_row *row,
                         void *settings)
{
    struct core_settings *core = settings;
    struct core_affinity *a;
    bool each = span_eq(cf->words[1], SPAN("auto"));
    unsigned first = each ? 2 : 1;

    if (each && cf->count > 3)
        return conf_error(cf, "invalid number of arguments in "
                              "\"worker_cpu_affinity\" directive");
    a = arena_alloc(cf->arena, sizeof *a + cf->count * sizeof a->masks[0]);
    if (a == NULL)
        return false;
    *a = (struct core_affinity){.each = each};
    if (each && cf->count == 2)
        memset(&a->masks[a->count++], 0xff, sizeof a->masks[0]);
    for (unsigned i = first; i < cf->count; i++)
        if (!read_mask(cf, cf->words[i], &a->masks[a->count++]))
            return false;
    core->affinity = a;
    return true;
}

/* --- The table --------------------------------------------------------- */

#define AT(member) offsetof(struct core_settings, member)

static const struct conf_row rows[] = {
    CONF_POINTED("user", CONF_MAIN, 1, 2, set_user, AT(user)),
    CONF_POINTED("pid", CONF_MAIN, 1, 1, set_path, AT(pid)),
    CONF_TEXT("working_directory", CONF_MAIN, AT(working_directory)),
    CONF_LIST("env", CONF_MAIN, 1, 1, set_env, AT(env)),
    CONF_POINTED("worker_cpu_affinity", CONF_MAIN, 1, CONF_MANY, set_affinity,
                 AT(affinity)),
    CONF_FLAG("daemon", CONF_MAIN, AT(daemon), 1),
    CONF_FLAG("master_process", CONF_MAIN, AT(master_process), 1),
    CONF_ONE("worker_processes", CONF_MAIN, set_processes, AT(worker_processes),
             1, CONF_RANGE(1, SUPERVISOR_MAX_WORKERS)),
    CONF_COUNT("worker_priority", CONF_MAIN, AT(worker_priority), 0,
               CONF_RANGE(-20, 20)),
    CONF_COUNT("worker_rlimit_nofile", CONF_MAIN, AT(worker_rlimit_nofile), -1,
               &conf_any_count),
    CONF_SIZE("worker_rlimit_core", CONF_MAIN, AT(worker_rlimit_core), -1,
              &conf_any_offset),
    CONF_MSEC("worker_shutdown_timeout", CONF_MAIN, AT(worker_shutdown_timeout),
              0),
    {"events", CONF_MAIN, 0, 0, true, set_events, CONF_NUMBER, AT(has_events),
     0, NULL},
    CONF_SETTER("use", CONF_EVENTS, 1, 1, set_use),
    CONF_ONE("worker_connections", CONF_EVENTS, set_connections,
             AT(worker_connections), 512, &conf_any_count),
    CONF_FLAG("multi_accept", CONF_EVENTS, AT(multi_accept), 0),
    {0},
};

static const struct span *default_pid(struct conf *cf)
{
    struct span *pid = arena_alloc(cf->arena, sizeof *pid);

    if (pid == NULL)
        return NULL;
    *pid = conf_path(cf, cf->pid);
    return pid->ptr == NULL ? NULL : pid;
}

static bool finish(struct conf *cf, void *settings, const void *parent)
{
    struct core_settings *core = settings;

    if (parent != NULL)
        return true;
    if (!core->has_events)
        return conf_error(cf, "no \"events\" section in configuration");
    if (core->user == NULL && geteuid() == 0)
        core->user = find_user(cf, SPAN(DEFAULT_USER), NULL);
    if (core->pid == NULL)
        core->pid = default_pid(cf);
    if (!core->master_process)
        core->worker_processes = 1;
    return core->pid != NULL && (core->user != NULL || geteuid() != 0);
}

const struct module core_module = {
    .name = "core",
    .index = MODULE_INDEX,
    .rows = rows,
    .settings = sizeof(struct core_settings),
    .finish = finish,
};
