/* wsgi_hints: the commonest slips, each looked for and told in one line. */

#include "wsgi_hints.h"

#include "wsgi_log.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_LINE    16384
#define MAX_OFFERED 8

static bool is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* "-w wsgi.py" is read as the module `py` in the package `wsgi`. */
bool wsgi_hint_file(const char *module, const char *callable)
{
    bool usual = strcmp(callable, "application") == 0;

    if (!is_file(module))
        return false;
    wsgi_log("*** \"%s\" is a file: --wsgi-file %s%s%s loads it ***", module,
             module, usual ? "" : " --callable ", usual ? "" : callable);
    return true;
}

void wsgi_hint_no_file(const char *file)
{
    char cwd[PATH_MAX];
    char name[1024];
    const char *colon = strchr(file, ':');

    snprintf(name, sizeof name, "%.*s", colon != NULL ? (int)(colon - file) : 0,
             file);
    if (is_file(name))
        wsgi_log("*** the callable has an option of its own: --wsgi-file %s "
                 "--callable %s ***",
                 name, colon + 1);
    else if (access(file, F_OK) < 0 && getcwd(cwd, sizeof cwd) != NULL)
        wsgi_log("*** files are looked for from %s: --chdir DIR moves that "
                 "***",
                 cwd);
}

/* One directory of sys.path.  The ZIP file with the standard library that
 * CPython has on every path is missing everywhere. */
static void add_place(struct buf *out, PyObject *entry)
{
    PyObject *bytes =
        PyUnicode_Check(entry) ? PyUnicode_EncodeFSDefault(entry) : NULL;
    const char *place = bytes != NULL ? PyBytes_AS_STRING(bytes) : "";
    bool there = access(place, F_OK) == 0;

    if (place[0] != 0 && (there || !span_ends(span_of(place), SPAN(".zip"))))
        buf_printf(out, "%s%s%s", out->len > 0 ? ", " : "", place,
                   there ? "" : " (not there)");
    Py_XDECREF(bytes);
    PyErr_Clear();
}

void wsgi_hint_path(const char *virtualenv)
{
    PyObject *path = PySys_GetObject("path"); /* borrowed */
    const char *active = getenv("VIRTUAL_ENV");
    char cwd[PATH_MAX];
    struct buf out;

    if (path == NULL || !PyList_Check(path))
        return;
    if (getcwd(cwd, sizeof cwd) == NULL)
        strcpy(cwd, "gone");
    buf_init(&out, MAX_LINE);
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(path); i++)
        add_place(&out, PyList_GET_ITEM(path, i));
    wsgi_log("*** modules were looked for in %.*s; \".\" is %s; --chdir, "
             "--pythonpath and --virtualenv lead elsewhere ***",
             (int)out.len, out.len > 0 ? out.ptr : "", cwd);
    buf_free(&out);
    if (virtualenv == NULL && active != NULL)
        wsgi_log("*** the shell's virtual environment is used when it is asked "
                 "for: --virtualenv %s ***",
                 active);
}

/* A function that was imported is hardly the application. */
static bool is_from_elsewhere(PyObject *value, PyObject *module)
{
    PyObject *home = NULL, *name = NULL;
    bool elsewhere;

    if (PyFunction_Check(value) || PyCFunction_Check(value)) {
        home = PyObject_GetAttrString(value, "__module__");
        name = PyObject_GetAttrString(module, "__name__");
    }
    elsewhere = home != NULL && name != NULL &&
                PyObject_RichCompareBool(home, name, Py_EQ) == 0;
    Py_XDECREF(home);
    Py_XDECREF(name);
    PyErr_Clear();
    return elsewhere;
}

void wsgi_hint_callables(PyObject *module)
{
    PyObject *names = PyModule_Check(module) ? PyModule_GetDict(module) : NULL;
    PyObject *key, *value;
    Py_ssize_t at = 0;
    int offered = 0;
    struct buf out;

    buf_init(&out, MAX_LINE);
    while (names != NULL && offered < MAX_OFFERED &&
           PyDict_Next(names, &at, &key, &value)) {
        const char *name = PyUnicode_Check(key) ? PyUnicode_AsUTF8(key) : NULL;
        if (name == NULL || name[0] == '_' || PyType_Check(value) ||
            !PyCallable_Check(value) || is_from_elsewhere(value, module))
            continue;
        buf_printf(&out, "%s%s", offered++ > 0 ? ", " : "", name);
    }
    PyErr_Clear();
    if (offered > 0)
        wsgi_log("*** what can be called there: %.*s; --callable NAME takes "
                 "it, \"NAME()\" what it makes ***",
                 (int)out.len, out.ptr);
    else
        wsgi_log("*** nothing can be called there ***");
    buf_free(&out);
}

/* The function in Python that a call of app runs, and how many arguments it
 * has by then (its `self`); NULL when only the call itself will show. */
static PyObject *function_of(PyObject *app, int *given)
{
    PyObject *function = NULL;

    *given = !PyFunction_Check(app);
    if (PyFunction_Check(app))
        function = app;
    else if (PyMethod_Check(app))
        function = PyMethod_GET_FUNCTION(app);
    if (function != NULL)
        Py_INCREF(function);
    else if (!PyType_Check(app))
        function = PyObject_GetAttrString((PyObject *)Py_TYPE(app), "__call__");
    if (function != NULL && !PyFunction_Check(function))
        Py_CLEAR(function);
    PyErr_Clear();
    return function;
}

/* inspect.signature(app) as text, "(scope, receive, send)", or NULL. */
static PyObject *signature_of(PyObject *app)
{
    PyObject *inspect = PyImport_ImportModule("inspect");
    PyObject *signature =
        inspect != NULL ? PyObject_CallMethod(inspect, "signature", "O", app)
                        : NULL;
    PyObject *text = signature != NULL ? PyObject_Str(signature) : NULL;

    Py_XDECREF(inspect);
    Py_XDECREF(signature);
    PyErr_Clear();
    return text;
}

static void refuse(PyObject *app, const char *name, bool coroutine, bool maker)
{
    PyObject *takes = signature_of(app);

    PyErr_Format(PyExc_TypeError,
                 "\"%s\" takes %S, where WSGI calls it with (environ, "
                 "start_response)%s%s%s",
                 name, takes != NULL ? takes : Py_None,
                 coroutine ? "; it is a coroutine function: an ASGI "
                             "application needs an ASGI server"
                 : maker   ? "; if it makes the application, ask for \""
                           : "",
                 !coroutine && maker ? name : "",
                 !coroutine && maker ? "()\"" : "");
    Py_XDECREF(takes);
}

bool wsgi_takes_request(PyObject *app, const char *name)
{
    int given, most, least;
    bool coroutine, fits;
    const PyCodeObject *code;
    PyObject *defaults, *function = function_of(app, &given);

    if (function == NULL)
        return true;
    code = (PyCodeObject *)PyFunction_GET_CODE(function);
    defaults = PyFunction_GET_DEFAULTS(function); /* borrowed */
    most = code->co_argcount - given;
    least = most - (defaults != NULL ? (int)PyTuple_GET_SIZE(defaults) : 0);
    coroutine = (code->co_flags & CO_COROUTINE) != 0;
    fits = !coroutine && least <= 2 &&
           (most >= 2 || (code->co_flags & CO_VARARGS) != 0);
    if (!fits)
        refuse(app, name, coroutine, least <= 0);
    Py_DECREF(function);
    return fits;
}
