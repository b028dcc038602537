/* site: http { } opens the scope of all that is served, server { } one below
 * it; and where http ends, the modules look at the whole. */

#include "site.h"
#include "conversation.h"
#include "listen.h"
#include "value.h"

/* What only the whole can show is looked at where it ends. */
static bool check_modules(struct conf *cf)
{
    for (const struct module *const *m = cf->modules; *m != NULL; m++)
        if ((*m)->check != NULL && !(*m)->check(cf))
            return false;
    return true;
}

static bool set_http(struct conf *cf, const struct conf_row *row,
                     void *settings)
{
    if (cf->http != NULL)
        return conf_error(cf, "\"http\" directive is duplicate");
    cf->http = conf_open_scope(cf);
    return cf->http != NULL && conf_block(cf, CONF_HTTP, cf->http, NULL) &&
           check_modules(cf) && value_check_names(cf);
}

static bool set_server(struct conf *cf, const struct conf_row *row,
                       void *settings)
{
    struct conf_scope *server = conf_open_scope(cf);

    return server != NULL && conf_block(cf, CONF_SERVER, server, NULL) &&
           listen_default(cf, server);
}

static const struct conf_row site_rows[] = {
    CONF_BLOCK("http", CONF_MAIN, 0, 0, set_http),
    CONF_BLOCK("server", CONF_HTTP, 0, 0, set_server),
    {0},
};

const struct module site_module = {
    .name = "site",
    .index = MODULE_INDEX,
    .needs = &conversation_module, /* whose settings each block has */
    .rows = site_rows,
};
