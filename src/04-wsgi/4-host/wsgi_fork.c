/* wsgi_fork: processes that come out of this one.
 *
 * The host's own children are made by wsgi_host_fork.  The application makes
 * others, by os.fork or by multiprocessing, and each of them has a copy of
 * every descriptor: a connection that only this process closes is then still
 * open.  So the host notes that there was a fork, and from then on a
 * connection is shut down before it is closed. */

#include "wsgi_module.h"

#include <unistd.h>

/* The hook of os.register_at_fork; the capsule holds the host. */
static PyObject *note_fork(PyObject *capsule, PyObject *unused)
{
    struct wsgi_host *host = PyCapsule_GetPointer(capsule, NULL);

    if (host == NULL)
        return NULL;
    host->forked = true;
    Py_RETURN_NONE;
}

static PyMethodDef note_method = {"note_fork", note_fork, METH_NOARGS,
                                  "Notes that there are copies of our "
                                  "descriptors."};

bool wsgi_fork_watch(struct wsgi_host *host)
{
    PyObject *os = PyImport_ImportModule("os");
    PyObject *add = NULL, *hook = NULL, *none = PyTuple_New(0);
    PyObject *capsule = PyCapsule_New(host, NULL, NULL);
    PyObject *names = NULL, *result = NULL;

    if (os != NULL)
        add = PyObject_GetAttrString(os, "register_at_fork");
    if (capsule != NULL)
        hook = PyCFunction_New(&note_method, capsule);
    if (hook != NULL)
        names = Py_BuildValue("{s:O}", "before", hook);
    if (add != NULL && names != NULL && none != NULL)
        result = PyObject_Call(add, none, names);
    Py_XDECREF(os);
    Py_XDECREF(add);
    Py_XDECREF(none);
    Py_XDECREF(capsule);
    Py_XDECREF(hook);
    Py_XDECREF(names);
    Py_XDECREF(result);
    return result != NULL;
}

pid_t wsgi_host_fork(void *context)
{
    struct wsgi_host *host = context;
    pid_t pid;

    PyEval_RestoreThread(host->main);
    PyOS_BeforeFork();
    pid = fork();
    if (pid == 0)
        PyOS_AfterFork_Child();
    else
        PyOS_AfterFork_Parent();
    host->forked = false; /* the one who forks has no clients yet */
    host->main = PyEval_SaveThread();
    return pid;
}
