/* net_addr: addresses, read as people write them and written as they read.
 *
 * They come from a command line or a configuration file, so each way in which
 * one can be wrong has a sentence of its own. */

#include "net.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#define ADDR_FORMS "host:port, :port, [v6]:port or unix:/path"

static struct sockaddr_un *addr_un(const struct net_addr *addr)
{
    return (struct sockaddr_un *)&addr->sa;
}

static bool parse_unix(struct net_addr *addr, const char *path, struct err *err)
{
    struct sockaddr_un *un = addr_un(addr);
    size_t len = strlen(path);

    if (len == 0)
        return err_set(err, "no path after \"unix:\"; expected unix:/path");
    if (len >= sizeof un->sun_path)
        return err_set(err,
                       "the path \"%s\" is too long for a unix socket: it has "
                       "%zu bytes, at most %zu are possible",
                       path, len, sizeof un->sun_path - 1);
    un->sun_family = AF_UNIX;
    memcpy(un->sun_path, path, len + 1);
    addr->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + 1);
    return true;
}

/* Of the addresses of a name, an IPv4 one is taken before others, so that
 * `localhost:8080` is the same place on every machine.  Brackets hold no name,
 * but an IPv6 address. */
static bool resolve(struct net_addr *addr, const char *host, bool brackets,
                    struct err *err)
{
    struct addrinfo hints = {
        .ai_family = brackets ? AF_INET6 : AF_UNSPEC,
        .ai_flags = brackets ? AI_NUMERICHOST : 0,
        .ai_socktype = SOCK_STREAM,
    };
    struct addrinfo *found, *best;
    int problem = getaddrinfo(host, NULL, &hints, &found);

    if (problem != 0)
        return err_set(err, "cannot find the host \"%s\": %s", host,
                       gai_strerror(problem));
    best = found;
    for (struct addrinfo *a = found; a != NULL; a = a->ai_next)
        if (a->ai_family == AF_INET) {
            best = a;
            break;
        }
    memcpy(&addr->storage, best->ai_addr, best->ai_addrlen);
    addr->len = best->ai_addrlen;
    freeaddrinfo(found);
    return true;
}

static bool parse_host(struct net_addr *addr, struct span text, bool brackets,
                       struct err *err)
{
    struct sockaddr_in *in = (struct sockaddr_in *)&addr->storage;
    char host[NI_MAXHOST];

    if (text.len >= sizeof host)
        return err_set(err, "the host name is too long: it has %zu bytes",
                       text.len);
    memcpy(host, text.ptr, text.len);
    host[text.len] = '\0';
    addr->len = sizeof *in;
    in->sin_family = AF_INET;
    if (!brackets && (host[0] == '\0' || strcmp(host, "*") == 0)) {
        in->sin_addr.s_addr = htonl(INADDR_ANY);
        return true;
    }
    if (!brackets && inet_pton(AF_INET, host, &in->sin_addr) == 1)
        return true;
    return resolve(addr, host, brackets, err);
}

bool net_parse(struct net_addr *addr, const char *text, struct err *err)
{
    const char *colon = strrchr(text, ':');
    struct span host;
    uint64_t port;
    bool brackets;

    memset(addr, 0, sizeof *addr);
    if (strncmp(text, "unix:", 5) == 0)
        return parse_unix(addr, text + 5, err);
    if (colon == NULL)
        return err_set(err, "\"%s\" is not an address: no port; expected %s",
                       text, ADDR_FORMS);
    if (!span_decimal(span_of(colon + 1), &port) || port > 65535)
        return err_set(err,
                       "\"%s\" is not an address: the port is \"%s\"; "
                       "expected a number from 0 to 65535",
                       text, colon + 1);
    host = (struct span){text, (size_t)(colon - text)};
    brackets = span_starts(host, SPAN("[")) && span_ends(host, SPAN("]"));
    if (brackets)
        host = (struct span){host.ptr + 1, host.len - 2};
    else if (span_chr(host, ':') != NULL || span_chr(host, '[') != NULL)
        return err_set(err, "\"%s\" is not an address; expected %s", text,
                       ADDR_FORMS);
    if (!parse_host(addr, host, brackets, err))
        return false;
    /* sin_port and sin6_port stand at the same place. */
    ((struct sockaddr_in *)&addr->storage)->sin_port = htons((uint16_t)port);
    return true;
}

/* Every connection has its client's address printed, and nearly all are of
 * this kind: getnameinfo would do it at ten times the cost. */
static void print_v4(const struct sockaddr_in *in, char *text)
{
    const unsigned char *octets = (const unsigned char *)&in->sin_addr;

    for (int i = 0; i < 4; i++) {
        text += bytes_decimal(text, octets[i]);
        *text++ = i < 3 ? '.' : 0;
    }
}

void net_print_host(const struct net_addr *addr, char *text)
{
    if (addr->sa.sa_family == AF_INET) {
        print_v4((const struct sockaddr_in *)&addr->storage, text);
        return;
    }
    if (addr->sa.sa_family == AF_UNIX ||
        getnameinfo(&addr->sa, addr->len, text, NET_ADDR_TEXT, NULL, 0,
                    NI_NUMERICHOST) != 0)
        strcpy(text, "unix:");
}

/* A client of a unix socket has no path; its address ends before it. */
void net_print(const struct net_addr *addr, char *text)
{
    size_t head = offsetof(struct sockaddr_un, sun_path);
    char host[NET_ADDR_TEXT];

    net_print_host(addr, host);
    if (addr->sa.sa_family == AF_UNIX)
        snprintf(text, NET_ADDR_TEXT, "unix:%.*s",
                 addr->len > head ? (int)(addr->len - head) : 0,
                 addr_un(addr)->sun_path);
    else
        snprintf(text, NET_ADDR_TEXT,
                 addr->sa.sa_family == AF_INET6 ? "[%.*s]:%u" : "%.*s:%u",
                 NET_ADDR_TEXT - 10, host, net_port(addr));
}

unsigned net_port(const struct net_addr *addr)
{
    if (addr->sa.sa_family == AF_UNIX)
        return 0;
    return ntohs(((const struct sockaddr_in *)&addr->storage)->sin_port);
}

bool net_same(const struct net_addr *a, const struct net_addr *b)
{
    return a->len == b->len && memcmp(&a->sa, &b->sa, a->len) == 0;
}

bool net_local(int fd, struct net_addr *addr)
{
    memset(addr, 0, sizeof *addr);
    addr->len = sizeof addr->storage;
    return getsockname(fd, &addr->sa, &addr->len) == 0;
}
