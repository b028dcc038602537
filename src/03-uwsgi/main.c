/* strata-uwsgi: both ends of the uwsgi protocol, and a client for it.
 *
 *     strata-uwsgi ADDR                             a server
 *     strata-uwsgi --to SERVER ADDR                 a gateway: HTTP to uwsgi
 *     strata-uwsgi --request [METHOD] TARGET ADDR   a client
 *
 * The command line is read into one struct, by way of one table; then one of
 * the three parts is called. */

#include "uwsgi_client.h"
#include "uwsgi_gateway.h"
#include "uwsgi_server.h"
#include "version.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG 128

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
    "  --reply-timeout SECONDS    between two reads of its answer\n"
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
    "\n" HTTP_OPTIONS_HELP;

static bool read_text(struct span text, void *place)
{
    *(const char **)place = text.ptr;
    return true;
}

static bool read_word(struct span text, void *place)
{
    struct uwsgi_words *words = place;

    if (words->count == UWSGI_MAX_WORDS)
        return false;
    words->word[words->count++] = text.ptr;
    return true;
}

static bool read_count(struct span text, void *place)
{
    return span_decimal(text, place) && *(uint64_t *)place > 0;
}

/* One row an option that takes a value: where it goes and how it is read. */
static const struct {
    const char *name;
    size_t place;
    bool (*read)(struct span text, void *place);
    const char *expected;
} options[] = {
#define AT(member) offsetof(struct program, member)
    {"--to", AT(to), read_text, "an address"},
    {"--field", AT(question.fields), read_word, "at most 128 of them"},
    {"--var", AT(question.vars), read_word, "at most 128 of them"},
    {"--body", AT(question.body), read_text, "a file"},
    {"--repeat", AT(question.repeat), read_count, "a number, at least 1"},
    {"--connect-timeout", AT(config.connect_timeout), http_read_seconds,
     "seconds, such as 10 or 0.5"},
    {"--reply-timeout", AT(config.reply_timeout), http_read_seconds,
     "seconds, such as 10 or 0.5"},
#undef AT
};

/* As http_option, for the table above. */
static int own_option(char **argv, struct program *p, struct err *err)
{
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        const char *value;
        int words = http_option_value(argv, options[i].name, &value, err);

        if (words == 0)
            continue;
        if (words > 0 &&
            !options[i].read(span_of(value), (char *)p + options[i].place)) {
            err_set(err, "%s is '%s'; expected %s", options[i].name, value,
                    options[i].expected);
            return -1;
        }
        return words;
    }
    return 0;
}

/* Takes what is one word long: the options without a value, and what is no
 * option at all. */
static bool take_word(struct program *p, const char *word, struct err *err)
{
    if (strcmp(word, "--help") == 0) {
        fputs(help, stdout);
        exit(0);
    }
    if (strcmp(word, "--version") == 0) {
        puts("strata-uwsgi " STRATA_VERSION);
        exit(0);
    }
    if (strcmp(word, "--request") == 0)
        p->request = true;
    else if (strcmp(word, "--include") == 0)
        p->question.include = true;
    else if (*word == '-')
        return err_set(err, "there is no option '%s'; --help lists them", word);
    else if (p->words == (int)(sizeof p->word / sizeof p->word[0]))
        return err_set(err, "there is a word too many: '%s'", word);
    else
        p->word[p->words++] = word;
    return true;
}

static bool read_arguments(char **argv, struct program *p, struct err *err)
{
    while (*++argv != NULL) {
        int words = http_option(argv, &p->config.http, err);

        if (words == 0)
            words = own_option(argv, p, err);
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
                       "one address is expected, but '%s' and '%s' are "
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

/* The signal handler can be told nothing; this is for it alone. */
static const char *socket_path;

/* Nothing in memory is worth saving: the program may end at any instruction. */
static void stop(int signal)
{
    (void)signal;
    if (socket_path)
        unlink(socket_path);
    _exit(0);
}

static void set_signals(void)
{
    struct sigaction action = {.sa_handler = stop};

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN); /* the log may be a pipe that was closed */
}

static void serve_forever(int listener, const struct program *p,
                          const struct net_addr *to)
{
    for (;;) {
        struct net_addr peer;
        int fd = net_accept(listener, &peer, NET_FOREVER);

        if (fd < 0) {
            fprintf(stderr, "strata-uwsgi: cannot accept a connection: %s\n",
                    strerror(errno));
            poll(NULL, 0, 100);
        } else if (p->to) {
            uwsgi_gateway(fd, &peer, to, &p->config);
        } else {
            uwsgi_server(fd, &peer, &p->config);
        }
    }
}

/* Listens and serves; comes back only when it cannot listen. */
static bool serve(const struct program *p, struct net_addr *addr,
                  struct err *err)
{
    struct net_addr to = {0};
    char text[NET_ADDR_TEXT];
    int listener;

    if (p->to && !net_parse(&to, p->to, err))
        return false;
    listener = net_listen(addr, BACKLOG, err);
    if (listener < 0)
        return false;
    if (addr->sa.sa_family == AF_UNIX)
        socket_path = p->word[0] + strlen("unix:");
    set_signals();
    net_local(listener, addr); /* port 0 has become a real one */
    net_print(addr, text);
    fprintf(stderr, "strata-uwsgi: listening on %s\n", text);
    serve_forever(listener, p, &to);
    return true;
}

int main(int argc, char **argv)
{
    struct program program = {
        .config = {{HTTP_DEFAULT_TIMEOUTS, HTTP_DEFAULT_LIMITS,
                    HTTP_DEFAULT_MAX_BODY},
                   60000,
                   60000},
        .question = {.repeat = 1},
    };
    struct net_addr addr;
    struct err err;

    (void)argc;
    if (read_arguments(argv, &program, &err) &&
        check_arguments(&program, &err) &&
        net_parse(&addr, program.word[program.words - 1], &err)) {
        if (program.request)
            return !uwsgi_client(&addr, &program.question, &program.config);
        serve(&program, &addr, &err);
    }
    fprintf(stderr, "strata-uwsgi: %s\n", err.text);
    return 1;
}
