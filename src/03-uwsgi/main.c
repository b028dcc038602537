/* strata-uwsgi: both ends of the uwsgi protocol, and a client for it.
 *
 *     strata-uwsgi ADDR                             a server
 *     strata-uwsgi --to SERVER ADDR                 a gateway: HTTP to uwsgi
 *     strata-uwsgi --request [METHOD] TARGET ADDR   a client
 *
 * The command line is read into one struct, by way of one table; then one of
 * the three parts is called. */

#include "listener.h"
#include "uwsgi_client.h"
#include "uwsgi_gateway.h"
#include "uwsgi_server.h"

#include <stdio.h>
#include <string.h>

#define PROGRAM "strata-uwsgi"

/* Everybody waits while one client is served, so its deadlines are short; but
 * an idle one may stay until somebody comes. */
#define UWSGI_TIMEOUTS {75000, 10000, 10000, 10000}

struct program {
    struct uwsgi_config config;
    const char *to; /* the server of the gateway, or NULL */
    bool request;   /* be the client */
    struct uwsgi_question question;
    struct http_words words;
    const char *where; /* the address to listen on, or of the server */
};

static const char help[] =
    "usage: strata-uwsgi [OPTIONS] ADDR\n"
    "       strata-uwsgi --to SERVER [OPTIONS] ADDR\n"
    "       strata-uwsgi --request [METHOD] TARGET [OPTIONS] ADDR\n"
    "A uwsgi server on ADDR that answers each request with what it "
    "understood;\n"
    "a gateway on ADDR that passes HTTP requests on to a uwsgi server; or a\n"
    "client that asks the uwsgi server ADDR for TARGET, a path or a URL.\n"
    "ADDR and SERVER are host:port, :port, [v6]:port or unix:/path.\n"
    "\n"
    "  --connect-timeout SECONDS  for a connection to the uwsgi server\n"
    "  --reply-timeout SECONDS    between two signs of life from it\n"
    "\n"
    "The client prints the body of the answer and ends with status 0 when "
    "that\n"
    "is complete and its status 2xx or 3xx.  METHOD is GET, or POST with "
    "--body.\n"
    "\n"
    "  --field 'NAME: VALUE'    a field of the request, as HTTP has it\n"
    "  --var KEY=VALUE          this variable, instead of what it would be\n"
    "  --var KEY                without this variable\n"
    "  --body FILE              send this file; - is standard input\n"
    "  --include                print the answer's head, too\n"
    "  --repeat N               ask so many times\n"
    "\n" HTTP_OPTIONS_HELP
    "A deadline is 10 seconds if no option says otherwise, but for a uwsgi "
    "server\n60, and --idle-timeout 75.\n";

static bool read_word(struct span text, void *place)
{
    struct uwsgi_words *words = place;

    if (words->count == UWSGI_MAX_WORDS)
        return false;
    words->word[words->count++] = text.ptr;
    return true;
}

#define TIMES "a number from 1 to 4294967295"

static bool read_count(struct span text, void *place)
{
    uint64_t n;

    if (!span_decimal(text, &n) || n == 0 || n > UINT32_MAX)
        return false;
    *(uint64_t *)place = n;
    return true;
}

#define AT(member) offsetof(struct program, member)

static const struct http_option own_options[] = {
    {"--to", AT(to), http_read_text, "an address"},
    {"--request", AT(request), http_read_flag, NULL},
    {"--include", AT(question.include), http_read_flag, NULL},
    {"--field", AT(question.fields), read_word, "at most 128 of them"},
    {"--var", AT(question.vars), read_word, "at most 128 of them"},
    {"--body", AT(question.body), http_read_text, "a file"},
    {"--repeat", AT(question.repeat), read_count, TIMES},
    {"--connect-timeout", AT(config.connect_timeout), http_read_seconds,
     HTTP_SECONDS},
    {"--reply-timeout", AT(config.reply_timeout), http_read_seconds,
     HTTP_SECONDS},
    {0},
};

/* What the words mean: the last is always the address; before it stand the
 * client's method and target. */
static bool check_arguments(struct program *p, struct err *err)
{
    const char *const *word = p->words.word;
    unsigned words = p->words.count;

    if (!p->request)
        return (p->where = http_only_address(&p->words, "127.0.0.1:9090",
                                             err)) != NULL;
    if (p->to != NULL)
        return err_set(err, "--to makes a gateway and --request a client; "
                            "only one of them can be given");
    if (words < 2)
        return err_set(err, "--request needs a target and the address of a "
                            "uwsgi server, such as / 127.0.0.1:9090");
    p->question.method = words == 3 ? word[0] : NULL;
    p->question.target = word[words - 2];
    p->where = word[words - 1];
    return true;
}

/* Listens and serves; comes back only when it cannot listen. */
static void serve(const struct program *p, struct err *err)
{
    struct net_addr to = {0}, peer;
    int listener, fd;

    if (p->to != NULL && !net_parse(&to, p->to, err))
        return;
    listener = listener_open(PROGRAM, p->where, err);
    while (listener >= 0) {
        fd = listener_next(listener, PROGRAM, &peer);
        if (p->to != NULL)
            uwsgi_gateway(fd, &peer, listener, &to, &p->config);
        else
            uwsgi_server(fd, &peer, &p->config);
    }
}

int main(int argc, char **argv)
{
    struct program program = {
        .config = {{UWSGI_TIMEOUTS, HTTP_DEFAULT_LIMITS,
                    HTTP_DEFAULT_MAX_BODY},
                   60000,
                   60000},
        .question = {.repeat = 1},
    };
    const struct http_command command = {PROGRAM, help, own_options};
    struct net_addr server;
    struct err err;

    net_keep_standard();
    net_ignore_signals();
    if (http_read_arguments(argv, &command, &program, &program.config.http,
                            &program.words, &err) &&
        check_arguments(&program, &err)) {
        if (!program.request)
            serve(&program, &err);
        else if (net_parse(&server, program.where, &err))
            return !uwsgi_client(&server, &program.question, &program.config);
    }
    fprintf(stderr, PROGRAM ": %s\n", err.text);
    return 1;
}
