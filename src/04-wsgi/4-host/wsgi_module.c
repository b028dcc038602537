/* wsgi_module: `import uwsgi`, what the application may ask its server.
 *
 * The part of uWSGI's module that says what is so.  What would have to be
 * invented (caches, spoolers, signals) is not there, so that
 * hasattr(uwsgi, ...) tells the truth. */

#include "wsgi_module.h"

struct module_state {
    struct wsgi_host *host;
};

static struct wsgi_host *host_of(PyObject *module)
{
    return ((struct module_state *)PyModule_GetState(module))->host;
}

static PyObject *worker_id(PyObject *module, PyObject *unused)
{
    return PyLong_FromUnsignedLong(host_of(module)->identity.worker_id);
}

static PyObject *masterpid(PyObject *module, PyObject *unused)
{
    return PyLong_FromLong(host_of(module)->identity.master);
}

static PyObject *total_requests(PyObject *module, PyObject *unused)
{
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

/* uwsgi.applications: what is served, by where it is mounted. */
static bool list_applications(PyObject *list, const struct wsgi_host *host)
{
    const struct wsgi_config *c = host->config;

    for (size_t i = 0; i <= c->mount_count; i++) {
        const char *path = i < c->mount_count ? c->mounts[i].path : "";
        PyObject *app = host->apps[i].callable;
        if (app != NULL && PyDict_SetItemString(list, path, app) < 0)
            return false;
    }
    return true;
}

/* What changes in a process's life. */
static bool update(PyObject *module, const struct wsgi_host *host)
{
    PyObject *list = PyDict_New();
    bool ok =
        list != NULL && list_applications(list, host) &&
        PyObject_SetAttrString(module, "applications", list) == 0 &&
        PyModule_AddIntConstant(module, "numproc", host->identity.numproc) == 0;

    Py_XDECREF(list);
    return ok;
}

bool wsgi_module_update(struct wsgi_host *host)
{
    return update(host->module, host);
}

static bool add_attributes(PyObject *module, struct wsgi_host *host)
{
    PyObject *version = PyBytes_FromString(STRATA_VERSION);
    PyObject *name = PyBytes_FromString(host->server_name);
    bool ok = version != NULL && name != NULL &&
              PyObject_SetAttrString(module, "version", version) == 0 &&
              PyObject_SetAttrString(module, "hostname", name) == 0 &&
              PyObject_SetAttrString(module, "opt", host->opt) == 0 &&
              PyModule_AddIntConstant(module, "buffer_size",
                                      host->config->buffer_size) == 0 &&
              update(module, host);

    Py_XDECREF(version);
    Py_XDECREF(name);
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
