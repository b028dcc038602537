/* wsgi_load: finding the application.
 *
 * It is named by a module (-w) or a file (--wsgi-file) and the callable in it.
 * When it is not there, the log says what was looked for and where. */

#include "wsgi_hints.h"

#include "wsgi_host.h"
#include "wsgi_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MAX_SOURCE (64 << 20)

/* The file's text with a NUL behind it, or NULL with an exception.  O_NONBLOCK:
 * a FIFO is refused, and not waited for. */
static char *read_source(const char *path)
{
    struct stat st;
    char *text = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0 || fstat(fd, &st) < 0) {
        PyErr_SetFromErrnoWithFilename(PyExc_OSError, path);
    } else if (!S_ISREG(st.st_mode) || st.st_size > MAX_SOURCE) {
        PyErr_Format(PyExc_OSError, "%s is not a file of Python text", path);
    } else if ((text = malloc((size_t)st.st_size + 1)) == NULL) {
        PyErr_NoMemory();
    } else {
        ssize_t n = read(fd, text, (size_t)st.st_size);
        text[n < 0 ? 0 : n] = 0;
        if (n < 0) {
            PyErr_SetFromErrnoWithFilename(PyExc_OSError, path);
            free(text);
            text = NULL;
        } else if (strlen(text) != (size_t)n) {
            PyErr_Format(PyExc_ValueError, "%s contains NUL bytes", path);
            free(text);
            text = NULL;
        }
    }
    if (fd >= 0)
        close(fd);
    return text;
}

/* The name under which a file stands in sys.modules, as uWSGI makes it:
 * "apps/site.py" is uwsgi_file_apps_site. */
static PyObject *file_module_name(const char *path)
{
    char name[1024];
    struct span stem = span_of(path);

    if (span_ends(stem, SPAN(".py")))
        stem.len -= 3;
    snprintf(name, sizeof name, "uwsgi_file_%.*s", SPAN_ARG(stem));
    for (char *p = name; *p != 0; p++)
        if (*p == '/' || *p == '.')
            *p = '_';
    return PyUnicode_DecodeFSDefault(name);
}

static PyObject *run_file(const char *path, PyObject *name)
{
    PyObject *code = NULL, *module = NULL;
    PyObject *file = PyUnicode_DecodeFSDefault(path);
    char *source = file == NULL ? NULL : read_source(path);

    if (source != NULL)
        code = Py_CompileStringObject(source, file, Py_file_input, NULL, -1);
    free(source);
    if (code != NULL)
        module = PyImport_ExecCodeModuleObject(name, code, file, NULL);
    Py_XDECREF(code);
    Py_XDECREF(file);
    return module;
}

/* As `import` does it: a file that is named twice, with two callables, is run
 * once. */
static PyObject *import_file(const char *path)
{
    PyObject *name = file_module_name(path);
    PyObject *module = name == NULL ? NULL : PyImport_GetModule(name);

    if (module == NULL && !PyErr_Occurred())
        module = run_file(path, name);
    Py_XDECREF(name);
    return module;
}

/* Follows "a.b" from `object`. */
static PyObject *follow(PyObject *object, struct span rest)
{
    struct span name;

    Py_INCREF(object);
    while (object != NULL && span_next(&rest, '.', &name)) {
        PyObject *text =
            PyUnicode_DecodeUTF8(name.ptr, (Py_ssize_t)name.len, NULL);
        PyObject *next = text != NULL ? PyObject_GetAttr(object, text) : NULL;
        Py_XDECREF(text);
        Py_SETREF(object, next);
    }
    return object;
}

/* What to load, taken apart. */
struct target {
    const char *mount; /* "": the default application */
    int number;
    const char *file; /* NULL: a module */
    char module[1024];
    const char *callable;
};

/* "module:callable" names both. */
static void name_module(struct target *t, const char *text)
{
    const char *colon = strchr(text, ':');

    snprintf(t->module, sizeof t->module, "%.*s",
             (int)(colon != NULL ? colon - text : (long)strlen(text)), text);
    if (colon != NULL)
        t->callable = colon + 1;
}

/* What --mount names has no option that tells a file from a module.  A name
 * with .wsgi at its end is either: Django calls its module mysite.wsgi. */
static bool names_file(const char *app)
{
    return span_ends(span_of(app), SPAN(".py")) ||
           (span_ends(span_of(app), SPAN(".wsgi")) && access(app, F_OK) == 0);
}

/* The target at index i of host->apps; false when none is named there. */
static bool find_target(const struct wsgi_config *c, size_t i, struct target *t)
{
    bool mounted = i < c->mount_count;
    const char *module = mounted ? c->mounts[i].app : c->module;

    *t = (struct target){
        .mount = mounted ? c->mounts[i].path : "",
        .callable = c->callable != NULL ? c->callable : "application",
    };
    if (mounted && names_file(module))
        t->file = module;
    else if (module != NULL)
        name_module(t, module);
    else
        t->file = c->wsgi_file;
    return t->file != NULL || module != NULL;
}

/* sys.exit() at import ends the program, with the status it asks for. */
static enum wsgi_load leave(struct wsgi_host *host, int *status)
{
    PyObject *type, *value, *traceback, *code;

    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    code = PyObject_GetAttr(value, host->names[WSGI_N_code]);
    *status = 1;
    if (code == Py_None)
        *status = 0;
    else if (code != NULL && PyLong_Check(code))
        *status = (int)PyLong_AsLong(code) & 0xff;
    else if (code != NULL)
        PySys_FormatStderr("%S\n", code);
    PyErr_Clear();
    wsgi_log("*** the application called sys.exit() while it was loaded: "
             "exit status %d ***",
             *status);
    Py_XDECREF(code);
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
    return WSGI_EXIT;
}

/* How far a load has come. */
struct attempt {
    char what[1600];  /* what failed, should this have been the last step */
    PyObject *module; /* owned; NULL: it could not be loaded */
    bool found;       /* the name is there */
};

/* What went wrong is in the exception. */
static enum wsgi_load complain(struct wsgi_host *host, const struct target *t,
                               const struct attempt *a, int *status)
{
    bool no_module = PyErr_ExceptionMatches(PyExc_ModuleNotFoundError);
    bool is_file = false;

    if (PyErr_ExceptionMatches(PyExc_SystemExit))
        return leave(host, status);
    wsgi_log_exception(host, a->what);
    if (a->module == NULL && t->file == NULL)
        is_file = wsgi_hint_file(t->module, t->callable);
    else if (a->module == NULL)
        wsgi_hint_no_file(t->file);
    else if (!a->found)
        wsgi_hint_callables(a->module);
    if (no_module && !is_file)
        wsgi_hint_path(host->config->virtualenv);
    wsgi_log("unable to load app %d (mountpoint='%s') (callable not found or "
             "import error)",
             t->number, t->mount);
    return WSGI_NOT_LOADED;
}

/* True when `app` can be an application; else an exception says why not. */
static bool is_application(PyObject *app, const char *name)
{
    if (PyCallable_Check(app))
        return wsgi_takes_request(app, name);
    PyErr_Format(PyExc_TypeError,
                 "\"%s\" is of type %s, which cannot be called", name,
                 Py_TYPE(app)->tp_name);
    return false;
}

/* The callable in a.module; "()" at the end calls what was found. */
static PyObject *find_app(const struct target *t, struct attempt *a)
{
    const char *kind = t->file != NULL ? "file" : "module";
    const char *name = t->file != NULL ? t->file : t->module;
    struct span path = span_of(t->callable);
    bool factory = span_ends(path, SPAN("()"));
    PyObject *app;

    if (factory)
        path.len -= 2;
    snprintf(a->what, sizeof a->what,
             "unable to find \"%.400s\" callable in %s %.1000s", t->callable,
             kind, name);
    app = follow(a->module, path);
    a->found = app != NULL;
    if (app != NULL && factory) {
        snprintf(a->what, sizeof a->what,
                 "the call of %.400s in %s %.1000s failed", t->callable, kind,
                 name);
        Py_SETREF(app, PyObject_CallNoArgs(app));
    }
    if (app != NULL && !is_application(app, t->callable)) {
        snprintf(a->what, sizeof a->what,
                 "\"%.400s\" in %s %.1000s is no application", t->callable,
                 kind, name);
        Py_CLEAR(app);
    }
    return app;
}

static PyObject *attempt(const struct target *t, struct attempt *a)
{
    *a = (struct attempt){.module = NULL};
    snprintf(a->what, sizeof a->what, "the %s \"%.1000s\" could not be loaded",
             t->file != NULL ? "file" : "module",
             t->file != NULL ? t->file : t->module);
    a->module = t->file != NULL ? import_file(t->file)
                                : PyImport_ImportModule(t->module);
    return a->module == NULL ? NULL : find_app(t, a);
}

static enum wsgi_load load(struct wsgi_host *host, struct wsgi_app *place,
                           const struct target *t, int *status)
{
    struct attempt a;
    time_t begin = time(NULL);
    PyObject *app = attempt(t, &a);

    if (app == NULL) {
        enum wsgi_load result = complain(host, t, &a, status);
        Py_XDECREF(a.module);
        return result;
    }
    Py_DECREF(a.module);
    place->callable = app;
    place->number = t->number;
    wsgi_log("WSGI app %d (mountpoint='%s') ready in %ld seconds on "
             "interpreter %p pid: %d%s",
             t->number, t->mount, (long)(time(NULL) - begin),
             (void *)PyInterpreterState_Get(), getpid(),
             place == host->default_app ? " (default app)" : "");
    return WSGI_LOADED;
}

int wsgi_status_without_app(const struct wsgi_config *config)
{
    static const int status[] = {
        [WSGI_ENDS] = 1, [WSGI_ENDS_AS_UWSGI] = 22, [WSGI_SERVES_500] = 0};

    return status[config->without_app];
}

/* Who answers what is at none of the mounts: the application that was named
 * without a path, or the one at the root, or the first. */
static bool choose_default(struct wsgi_host *host)
{
    const struct wsgi_config *c = host->config;
    const struct wsgi_mount *root = NULL;
    struct target target;

    for (size_t i = 0; i < c->mount_count; i++)
        if (c->mounts[i].path[0] == 0)
            root = &c->mounts[i];
    if (!find_target(c, c->mount_count, &target)) {
        host->default_app = &host->apps[root != NULL ? root - c->mounts : 0];
        return true;
    }
    if (c->module != NULL && c->wsgi_file != NULL)
        wsgi_log("*** --wsgi-file %s is not loaded: --module %s is the "
                 "application ***",
                 c->wsgi_file, c->module);
    if (root != NULL)
        wsgi_log("*** --mount /=%s: the root has an application already, by "
                 "--module or --wsgi-file ***",
                 root->app);
    return root == NULL;
}

/* How many applications there should be, and are. */
struct tally {
    int named, loaded;
};

/* Loads what is named, the default application first. */
static enum wsgi_load load_all(struct wsgi_host *host, struct tally *tally,
                               int *status)
{
    size_t mounts = host->config->mount_count;
    enum wsgi_load result;
    struct target target;

    for (size_t n = 0; n <= mounts; n++) {
        size_t i = n == 0 ? mounts : n - 1;

        if (!find_target(host->config, i, &target))
            continue;
        target.number = tally->named++;
        result = load(host, &host->apps[i], &target, status);
        if (result == WSGI_EXIT)
            return result;
        tally->loaded += result == WSGI_LOADED;
    }
    return tally->named > 0 && tally->loaded == tally->named ? WSGI_LOADED
                                                             : WSGI_NOT_LOADED;
}

/* What follows from an application that is not there. */
static void say_missing(const struct wsgi_config *c, const struct tally *tally)
{
    bool ends = wsgi_status_without_app(c) != 0;
    const char *rest = ends ? ". GAME OVER"
                       : tally->loaded > 0
                           ? ": requests for the others are answered by 500"
                           : ": every request is answered by 500";

    if (tally->loaded > 0)
        wsgi_log("*** %d of %d apps loaded%s ***", tally->loaded, tally->named,
                 rest);
    else
        wsgi_log("*** no app loaded%s ***", rest);
}

/* In a child that the application forked at its import: sys.exit() ends it, and
 * so does coming back, before it takes itself for the server. */
static _Noreturn void end_child(struct wsgi_host *host, bool exits, int status)
{
    if (!exits)
        wsgi_log("a child that the application forked came back from its "
                 "import: it is ended; end such a child with os._exit()");
    wsgi_host_stop(host);
    _exit(exits ? status : 0);
}

enum wsgi_load wsgi_host_load(struct wsgi_host *host, int *status)
{
    const struct wsgi_config *c = host->config;
    const pid_t server = getpid();
    struct tally tally = {0, 0};
    enum wsgi_load result = WSGI_NOT_LOADED;
    PyGILState_STATE state = PyGILState_Ensure();

    if (c->module == NULL && c->wsgi_file == NULL && c->mount_count == 0)
        wsgi_log("no application is named: expected --wsgi-file FILE, "
                 "--module NAME or --mount PATH=APP");
    else if (choose_default(host))
        result = load_all(host, &tally, status);
    if (result == WSGI_NOT_LOADED && getpid() == server)
        say_missing(c, &tally);
    PyGILState_Release(state);
    if (getpid() != server)
        end_child(host, result == WSGI_EXIT, *status);
    return result;
}
