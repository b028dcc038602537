/* autoreload: the audit hook that hears which files Python runs. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "autoreload.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct listener {
    void (*found)(void *context, struct span path);
    void *context;
};

static void tell(const struct listener *l, PyObject *name)
{
    char path[PATH_MAX];
    PyObject *bytes;

    if (name == NULL || !PyUnicode_Check(name))
        return;
    bytes = PyUnicode_EncodeFSDefault(name);
    if (bytes == NULL) {
        PyErr_Clear();
        return;
    }
    if (span_ends(span_of(PyBytes_AS_STRING(bytes)), SPAN(".py")) &&
        realpath(PyBytes_AS_STRING(bytes), path) != NULL)
        l->found(l->context, span_of(path));
    Py_DECREF(bytes);
}

/* "exec" has a code object, "compile" a source and the name of its file.
 * Whatever is wrong here, the application goes on. */
static int hook(const char *event, PyObject *args, void *data)
{
    PyObject *code, *name;

    if (strcmp(event, "exec") == 0 && PyTuple_GET_SIZE(args) == 1) {
        code = PyTuple_GET_ITEM(args, 0);
        if (!PyCode_Check(code))
            return 0;
        name = PyObject_GetAttrString(code, "co_filename");
        tell(data, name);
        Py_XDECREF(name);
    } else if (strcmp(event, "compile") == 0 && PyTuple_GET_SIZE(args) == 2) {
        tell(data, PyTuple_GET_ITEM(args, 1));
    }
    return 0;
}

bool autoreload_listen(void (*found)(void *context, struct span path),
                       void *context)
{
    struct listener *l = malloc(sizeof *l); /* lives as long as the process */

    if (l == NULL)
        return false;
    *l = (struct listener){found, context};
    return PySys_AddAuditHook(hook, l) == 0;
}
