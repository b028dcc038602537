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
    const char *word[3]; /* what is no option */
    int words;
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
    {"--field", AT(question.fields), read_word, "at most 128 of them"},
    {"--var", AT(question.vars), read_word, "at most 128 of them"},
    {"--body", AT(question.body), http_read_text, "a file"},
    {"--repeat", AT(question.repeat), read_count, TIMES},
    {"--connect-timeout", AT(config.connect_timeout), http_read_seconds,
     HTTP_SECONDS},
    {"--reply-timeout", AT(config.reply_timeout), http_read_seconds,
     HTTP_SECONDS},
    {NULL, 0, NULL, NULL},
};

/* Takes what is one word long: the options without a value, and what is no
 * option at all. */
static bool take_word(struct program *p, const char *word, struct err *err)
{
    http_answer_help(word, PROGRAM, help);
    if (strcmp(word, "--request") == 0)
        p->request = true;
    else if (strcmp(word, "--include") == 0)
        p->question.include = true;
    else if (*word == '-')
        return err_set(err, "there is no option \"%s\"; --help lists them",
                       word);
    else if (p->words == (int)COUNT(p->word))
        return err_set(err, "there is a word too many: \"%s\"", word);
    else
        p->word[p->words++] = word;
    return true;
}

static bool read_arguments(char **argv, struct program *p, struct err *err)
{
    while (*++argv != NULL) {
        int words = http_read_options(argv, &p->config.http, err);

        if (words == 0)
            words = http_read_option(argv, own_options, p, err);
        if (words < 0 || (words == 0 && !take_word(p, *argv, err)))
            return false;
        if (words > 0)
            argv += words - 1;
    }
    return true;
}

/* What the words mean: the last is always the address; before it stand the
 * client's method and target. */
static bool check_arguments(struct program *p, struct err *err)
{
    if (p->request && p->to)
        return err_set(err, "--to makes a gateway and --request a client; "
                            "only one of them can be given");
    if (p->request && p->words < 2)
        return err_set(err, "--request needs a target and the address of a "
                            "uwsgi server, such as / 127.0.0.1:9090");
    if (!p->request && p->words > 1)
        return err_set(err,
                       "one address is expected, but \"%s\" and \"%s\" are "
                       "given",
                       p->word[0], p->word[1]);
    if (p->words == 0)
        return err_set(err, "the address to listen on is missing, such as "
                            "127.0.0.1:9090");
    if (p->request) {
        p->question.method = p->words == 3 ? p->word[0] : NULL;
        p->question.target = p->word[p->words - 2];
    }
    return true;
}

/* Listens and serves; comes back only when it cannot listen. */
static void serve(const struct program *p, struct err *err)
{
    struct net_addr to = {0}, peer;
    int listener, fd;

    if (p->to && !net_parse(&to, p->to, err))
        return;
    listener = listener_open(PROGRAM, p->word[0], err);
    while (listener >= 0) {
        fd = listener_next(listener, PROGRAM, &peer);
        if (p->to)
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
    struct net_addr server;
    struct err err;

    net_keep_standard();
    net_ignore_signals();
    if (read_arguments(argv, &program, &err) &&
        check_arguments(&program, &err)) {
        if (!program.request)
            serve(&program, &err);
        else if (net_parse(&server, program.word[program.words - 1], &err))
            return !uwsgi_client(&server, &program.question, &program.config);
    }
    fprintf(stderr, PROGRAM ": %s\n", err.text);
    return 1;
}
