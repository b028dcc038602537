/* return: answers at once with a status, a text, or a redirect. */

#include "answer.h"
#include "exchange.h"
#include "phases.h"
#include "module.h"
#include "static_handler.h"
#include "value.h"

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

enum phase_result return_phase(struct exchange *x)
{
    const struct return_settings *s = CONF_OF(x->scope, &return_module);
    struct span text;

    if (s->status == 0)
        return PHASE_NEXT;
    if (is_silent(s->status)) {
        x->out.status = (int)s->status;
        exchange_abort(x);
        return PHASE_DONE;
    }
    text = s->text != NULL ? value_eval(x, s->text) : SPAN("");
    if (is_redirect(s->status) || (s->text == NULL && s->status >= 400)) {
        x->out.location = text;
        exchange_error(x, (int)s->status);
        return PHASE_DONE;
    }
    answer_whole(x, (int)s->status, static_type(x), text);
    return PHASE_DONE;
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

const struct module return_module = {
    .name = "return",
    .index = MODULE_INDEX,
    .rows = return_rows,
    .settings = sizeof(struct return_settings),
};
