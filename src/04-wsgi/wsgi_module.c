/* wsgi_module: `import uwsgi`, what the application may ask its server.
 *
 * The part of uWSGI's module that says what is so.  What would have to be
 * invented (caches, spoolers, signals) is not there, so that
 * hasattr(uwsgi, ...) tells the truth. */

#include "wsgi_python.h"

struct module_state {
    struct wsgi_host *host;
};

static struct wsgi_host *host_of(PyObject *module)
{
    return ((struct module_state *)PyModule_GetState(module))->host;
}

static PyObject *worker_id(PyObject *module, PyObject *unused)
{
    (void)unused;
    return PyLong_FromUnsignedLong(host_of(module)->identity.worker_id);
}

static PyObject *masterpid(PyObject *module, PyObject *unused)
{
    (void)unused;
    return PyLong_FromLong(host_of(module)->identity.master);
}

static PyObject *total_requests(PyObject *module, PyObject *unused)
{
    (void)unused;
    return PyLong_FromUnsignedLongLong(host_of(module)->served);
}

static PyMethodDef methods[] = {
    {"worker_id", worker_id, METH_NOARGS, "The number of this worker, from 1."},
    {"masterpid", masterpid, METH_NOARGS, "The master's pid; 0 without one."},
    {"total_requests", total_requests, METH_NOARGS,
     "Requests that this process has served."},
    {0},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "uwsgi",
    .m_doc = "The server that runs this application.",
    .m_size = sizeof(struct module_state),
    .m_methods = methods,
};

bool wsgi_module_update(struct wsgi_host *host)
{
    return PyModule_AddIntConstant(host->module, "numproc",
                                   host->identity.numproc) == 0;
}

static bool add_attributes(PyObject *module, struct wsgi_host *host)
{
    PyObject *version = PyBytes_FromString(STRATA_VERSION);
    PyObject *name = PyBytes_FromString(host->server_name);
    PyObject *applications = PyDict_New();
    bool ok =
        version != NULL && name != NULL && applications != NULL &&
        PyObject_SetAttrString(module, "version", version) == 0 &&
        PyObject_SetAttrString(module, "hostname", name) == 0 &&
        PyObject_SetAttrString(module, "applications", applications) == 0 &&
        PyObject_SetAttrString(module, "opt", host->opt) == 0 &&
        PyModule_AddIntConstant(module, "numproc", host->identity.numproc) ==
            0 &&
        PyModule_AddIntConstant(module, "buffer_size",
                                host->config->buffer_size) == 0;
    Py_XDECREF(version);
    Py_XDECREF(name);
    Py_XDECREF(applications);
    return ok;
}

PyObject *wsgi_module_make(struct wsgi_host *host)
{
    PyObject *module = PyModule_Create(&definition);
    PyObject *modules = PyImport_GetModuleDict(); /* borrowed */

    if (module == NULL)
        return NULL;
    ((struct module_state *)PyModule_GetState(module))->host = host;
    if (add_attributes(module, host) &&
        PyDict_SetItemString(modules, "uwsgi", module) == 0)
        return module;
    Py_DECREF(module);
    return NULL;
}
