/* wsgi_host: the interpreter's life.
 *
 * The order of things is CPython's: pre-configuration (what encoding is the
 * world in?), configuration, initialisation, then our types and names, and at
 * the end the same backwards. */

#include "wsgi_module.h"

#include "wsgi_host.h"
#include "wsgi_log.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Sets one text of a PyConfig from bytes. */
static PyStatus set(PyConfig *config, wchar_t **where, const char *text)
{
    return PyConfig_SetBytesString(config, where, text);
}

/* A relative path counts from where --chdir has led to, so it is said whole. */
static void no_virtualenv(const char *path, struct err *err)
{
    char cwd[PATH_MAX] = "";

    if (path[0] == '/' || getcwd(cwd, sizeof cwd) == NULL)
        cwd[0] = 0;
    if (access(path, F_OK) < 0)
        err_set(err, "--virtualenv %s%s%s: %s", cwd, cwd[0] ? "/" : "", path,
                strerror(errno));
    else
        err_set(err,
                "--virtualenv %s%s%s: there is no pyvenv.cfg and no bin in "
                "it: expected what `python3 -m venv DIR` makes",
                cwd, cwd[0] ? "/" : "", path);
}

/* The packages of an environment stand in a directory that is named after the
 * version of its Python: another version passes it over without a word. */
static void check_version(const char *virtualenv)
{
    char path[4096];
    const int major = PY_MAJOR_VERSION, minor = PY_MINOR_VERSION;

    snprintf(path, sizeof path, "%s/lib/python%d.%d", virtualenv, major, minor);
    if (access(path, F_OK) < 0)
        wsgi_log(
            "*** --virtualenv %s: its packages are another Python's: there "
            "is no %s; make it again by python%d.%d -m venv ***",
            virtualenv, path, major, minor);
}

/* Where the interpreter believes itself to be decides where it looks for its
 * library.  In a virtual environment it must believe itself to be the
 * environment's own python (PEP 405); else to be this very program, so that no
 * other python on the PATH is taken for it. */
static PyStatus set_place(PyConfig *config, const struct wsgi_config *c,
                          struct err *err)
{
    char path[4096];

    err->text[0] = 0;
    if (c->virtualenv == NULL) {
        ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
        if (n <= 0)
            return PyStatus_Ok();
        path[n] = 0;
        return set(config, &config->program_name, path);
    }
    snprintf(path, sizeof path, "%s/pyvenv.cfg", c->virtualenv);
    if (access(path, R_OK) == 0) {
        check_version(c->virtualenv);
        snprintf(path, sizeof path, "%s/bin/python3", c->virtualenv);
        return set(config, &config->program_name, path);
    }
    snprintf(path, sizeof path, "%s/bin", c->virtualenv);
    if (c->virtualenv[0] == '\0' || access(path, F_OK) < 0) {
        no_virtualenv(c->virtualenv, err);
        return PyStatus_Error("not a virtual environment");
    }
    return set(config, &config->home, c->virtualenv);
}

/* The interpreter is configured as `python3` would be, with what a server
 * wants otherwise: no command line, no signal handlers (SIGINT stops the
 * server, it is no KeyboardInterrupt in somebody's request), and standard
 * streams that write UTF-8 at once, whatever the locale. */
static PyStatus configure(PyConfig *config, const struct wsgi_config *c,
                          struct err *err)
{
    char *argv[] = {(char *)c->program};
    const struct {
        wchar_t **where;
        const char *text;
    } texts[] = {
        {&config->stdio_encoding, "utf-8"},
        {&config->stdio_errors, "backslashreplace"},
    };
    PyStatus status;

    config->parse_argv = 0;
    config->install_signal_handlers = 0;
    config->buffered_stdio = 0;
    status = set_place(config, c, err);
    for (size_t i = 0; i < COUNT(texts); i++)
        if (!PyStatus_Exception(status))
            status = set(config, texts[i].where, texts[i].text);
    if (!PyStatus_Exception(status))
        status = PyConfig_SetBytesArgv(config, 1, argv);
    return status;
}

static bool start_interpreter(const struct wsgi_config *c, struct err *err)
{
    PyPreConfig pre;
    PyConfig config;
    PyStatus status;
    struct err why = {""};

    PyPreConfig_InitPythonConfig(&pre);
    pre.parse_argv = 0;
    status = Py_PreInitialize(&pre);
    if (PyStatus_Exception(status))
        return err_set(err, "Python does not start: %s", status.err_msg);
    PyConfig_InitPythonConfig(&config);
    status = configure(&config, c, &why);
    if (!PyStatus_Exception(status))
        status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    if (PyStatus_Exception(status) && why.text[0] == 0)
        return err_set(err, "Python does not start: %s",
                       status.err_msg != NULL ? status.err_msg
                                              : "(no reason given)");
    if (PyStatus_Exception(status))
        return err_set(err, "%s", why.text);
    return true;
}

static bool make_names(struct wsgi_host *host)
{
    static const char *const texts[] = {
#define WSGI_NAME_TEXT(name) #name,
        WSGI_NAMES(WSGI_NAME_TEXT)
#undef WSGI_NAME_TEXT
    };
    for (int i = 0; i < WSGI_NAME_COUNT; i++)
        if ((host->names[i] = PyUnicode_InternFromString(texts[i])) == NULL)
            return false;
    return true;
}

static bool find_file_types(struct wsgi_host *host)
{
    static const char *const names[] = {"FileIO", "BufferedReader",
                                        "BufferedRandom"};
    PyObject *io = PyImport_ImportModule("io");
    bool ok = true;

    if (io == NULL)
        return false;
    for (size_t i = 0; ok && i < COUNT(names); i++) {
        host->io_exact[i] = PyObject_GetAttrString(io, names[i]);
        ok = host->io_exact[i] != NULL;
    }
    Py_DECREF(io);
    return ok;
}

/* sys.path begins with the directory that the program works in, then what
 * --pythonpath names, in its order. */
static bool extend_path(const struct wsgi_config *c)
{
    PyObject *path = PySys_GetObject("path"); /* borrowed */
    bool ok = path != NULL && PyList_Check(path);

    for (size_t i = 0; ok && i <= c->pythonpath.count; i++) {
        PyObject *entry =
            PyUnicode_DecodeFSDefault(i == 0 ? "." : c->pythonpath.list[i - 1]);
        ok = entry != NULL && PyList_Insert(path, (Py_ssize_t)i, entry) == 0;
        Py_XDECREF(entry);
    }
    return ok;
}

static bool furnish(struct wsgi_host *host)
{
    return make_names(host) && find_file_types(host) &&
           extend_path(host->config) &&
           (host->input_type = wsgi_input_make_type()) != NULL &&
           (host->errors_type = wsgi_errors_make_type()) != NULL &&
           (host->response_type = wsgi_response_make_type()) != NULL &&
           (host->wrapper_type = wsgi_wrapper_make_type()) != NULL &&
           (host->errors = wsgi_errors_make(host->errors_type)) != NULL &&
           (host->opt != NULL || (host->opt = PyDict_New()) != NULL) &&
           (host->module = wsgi_module_make(host)) != NULL &&
           wsgi_environ_start(host) && wsgi_fork_watch(host);
}

/* Every reference that the host owns. */
static void release(struct wsgi_host *host)
{
    wsgi_environ_stop(host);
    for (size_t i = 0; i <= host->config->mount_count; i++)
        Py_CLEAR(host->apps[i].callable);
    Py_CLEAR(host->base);
    Py_CLEAR(host->input_key);
    Py_CLEAR(host->errors);
    Py_CLEAR(host->opt);
    Py_CLEAR(host->module);
    for (size_t i = 0; i < 3; i++)
        Py_CLEAR(host->io_exact[i]);
    for (int i = 0; i < WSGI_NAME_COUNT; i++)
        Py_CLEAR(host->names[i]);
    Py_CLEAR(host->input_type);
    Py_CLEAR(host->errors_type);
    Py_CLEAR(host->response_type);
    Py_CLEAR(host->wrapper_type);
}

static void free_host(struct wsgi_host *host)
{
    free(host->apps);
    free(host);
}

/* The host without its interpreter, or NULL. */
static struct wsgi_host *make_host(const struct wsgi_config *config)
{
    struct wsgi_host *host = calloc(1, sizeof *host);

    if (host == NULL)
        return NULL;
    host->config = config;
    host->identity.numproc = config->processes;
    host->apps = calloc(config->mount_count + 1, sizeof *host->apps);
    if (host->apps == NULL) {
        free(host);
        return NULL;
    }
    host->default_app = &host->apps[config->mount_count];
    if (gethostname(host->server_name, sizeof host->server_name - 1) < 0 ||
        host->server_name[0] == 0)
        strcpy(host->server_name, "localhost");
    return host;
}

struct wsgi_host *wsgi_host_start(const struct wsgi_config *config,
                                  struct err *err)
{
    struct wsgi_host *host = make_host(config);

    if (host == NULL) {
        err_set(err, "out of memory");
        return NULL;
    }
    if (!start_interpreter(config, err)) {
        free_host(host);
        return NULL;
    }
    wsgi_log("Python version: %s", Py_GetVersion());
    if (!furnish(host)) {
        wsgi_log_exception(host, "the Python host could not be set up");
        err_set(err, "the Python host could not be set up");
        release(host);
        free_host(host);
        return NULL;
    }
    wsgi_log("Python main interpreter initialized at %p",
             (void *)PyInterpreterState_Get());
    host->main = PyEval_SaveThread();
    return host;
}

void wsgi_host_identify(struct wsgi_host *host,
                        const struct wsgi_identity *identity)
{
    PyGILState_STATE state = PyGILState_Ensure();

    host->identity = *identity;
    if (!wsgi_module_update(host))
        wsgi_log_exception(host, "the module uwsgi could not be updated");
    PyGILState_Release(state);
}

/* As uWSGI has them, names are str and values bytes. */
static bool add_opt(struct wsgi_host *host, const char *name, PyObject *bytes)
{
    PyObject *old = PyDict_GetItemString(host->opt, name); /* borrowed */
    PyObject *list;
    bool ok;

    if (old == NULL)
        return PyDict_SetItemString(host->opt, name, bytes) == 0;
    if (PyList_Check(old))
        return PyList_Append(old, bytes) == 0;
    list = Py_BuildValue("[OO]", old, bytes);
    ok = list != NULL && PyDict_SetItemString(host->opt, name, list) == 0;
    Py_XDECREF(list);
    return ok;
}

bool wsgi_host_add_opt(struct wsgi_host *host, const char *name,
                       const char *value)
{
    PyGILState_STATE state = PyGILState_Ensure();
    PyObject *bytes = PyBytes_FromString(value);
    bool ok = bytes != NULL && add_opt(host, name, bytes);
    if (!ok)
        PyErr_Clear();
    Py_XDECREF(bytes);
    PyGILState_Release(state);
    return ok;
}

void wsgi_host_stop(struct wsgi_host *host)
{
    PyEval_RestoreThread(host->main);
    /* atexit functions may still use what the host owns (sys.stderr, the
     * module uwsgi): they run inside Py_FinalizeEx, so the host's references
     * go first and the objects live on while somebody holds them. */
    release(host);
    if (Py_FinalizeEx() < 0)
        wsgi_log("*** Python's standard output could not be flushed ***");
    free_host(host);
}
