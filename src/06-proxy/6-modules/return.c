/* return: answers at once with a status, a text, or a redirect. */

#include "answer.h"
#include "exchange.h"
#include "module.h"
#include "static_file.h"
#include "value.h"

extern const struct module return_module;

struct return_settings {
    int64_t status; /* 0: no return here */
    struct value *text;
};

/* Those that close the connection without an answer: nginx's own code for it,
 * and two that tell of a client that is not there. */
static bool is_silent(int64_t status)
{
    return status == 444 || status == 499 || status == 408;
}

static bool is_redirect(int64_t status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 ||
           status == 308;
}

static int return_handler(struct exchange *x)
{
    const struct return_settings *s = CONF_OF(x->scope, &return_module);
    struct span text;

    if (s->status == 0)
        return NEXT_HANDLER;
    if (is_silent(s->status)) {
        x->out.status = (int)s->status;
        exchange_abort(x);
        return ANSWERED;
    }
    text = s->text != NULL ? value_eval(&x->arena, x, s->text) : SPAN("");
    if (is_redirect(s->status) || (s->text == NULL && s->status >= 400)) {
        x->out.location = text;
        return (int)s->status;
    }
    answer_whole(x, (int)s->status, static_type(x), text);
    return ANSWERED;
}

/* return CODE; return CODE TEXT; return CODE URL; return URL (302). */
static bool set_return(struct conf *cf, const struct conf_row *row,
                       void *settings)
{
    struct return_settings *s = settings;
    static const struct conf_range codes = {0, 999, ""};
    struct span first = cf->words[1];
    bool url = span_starts(first, SPAN("http://")) ||
               span_starts(first, SPAN("https://")) ||
               span_starts(first, SPAN("$scheme"));

    if (s->status != 0)
        return true; /* as in nginx, the first return has answered already */
    if (cf->count == 2 && url) {
        s->status = 302;
        s->text = value_compile(cf, first);
        return s->text != NULL;
    }
    if (!conf_parse_named(cf, first, SPAN(""), "return code", &codes,
                          &s->status))
        return false;
    if (cf->count == 3) {
        s->text = value_compile(cf, cf->words[2]);
        return s->text != NULL;
    }
    return true;
}

static const struct conf_row return_rows[] = {
    CONF_SETTER("return", CONF_SERVER | CONF_LOCATION, 1, 2, set_return),
    {0},
};

static const struct handler return_handlers[] = {
    {SERVER_REWRITE, return_handler},
    {REWRITE, return_handler},
    {0},
};

const struct module return_module = {
    .name = "return",
    .index = MODULE_INDEX,
    .rows = return_rows,
    .settings = sizeof(struct return_settings),
    .handlers = return_handlers,
};
