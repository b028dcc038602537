/* wsgi_load: asks one server again and again, at little cost to itself.
 *
 * Usage: wsgi_load ADDR close|keep N PARALLEL <REQUEST
 *
 * ADDR is IPV4:PORT or the path of a unix socket.  N times the bytes of
 * standard input are sent: `close` on a connection each, PARALLEL of which are
 * always under way, until the server closes them; `keep` on one connection, one
 * after the other.  It prints the bytes of all the answers.
 *
 * An answer must begin with "HTTP/1." and a 200, and be as long as the first
 * one: that is how the end of an answer is found on a kept connection.
 *
 * There is no epoll and no parser here, only calls that block.  The oldest
 * connection is waited for, since a server accepts in the order of arrival, so
 * what the machine spends, it spends on the server. */

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX_PARALLEL 256

struct load {
    struct sockaddr_storage addr;
    socklen_t addr_len;
    char request[65536];
    size_t request_len;
    char answer[65536];
    size_t answer_len; /* of every answer; 0: not known yet */
};

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void set_address(struct load *l, const char *text)
{
    struct sockaddr_in *in = (struct sockaddr_in *)&l->addr;
    struct sockaddr_un *un = (struct sockaddr_un *)&l->addr;
    const char *colon = strchr(text, ':');
    char host[64];

    if (colon == NULL) {
        un->sun_family = AF_UNIX;
        snprintf(un->sun_path, sizeof un->sun_path, "%s", text);
        l->addr_len = sizeof *un;
        return;
    }
    snprintf(host, sizeof host, "%.*s", (int)(colon - text), text);
    in->sin_family = AF_INET;
    in->sin_port = htons((uint16_t)atoi(colon + 1));
    l->addr_len = sizeof *in;
    if (inet_pton(AF_INET, host, &in->sin_addr) != 1)
        fail(text);
}

static int begin(const struct load *l)
{
    int fd = socket(l->addr.ss_family, SOCK_STREAM, 0);

    if (fd < 0 || connect(fd, (struct sockaddr *)&l->addr, l->addr_len) < 0)
        fail("connect");
    return fd;
}

static void ask(const struct load *l, int fd)
{
    if (send(fd, l->request, l->request_len, MSG_NOSIGNAL) !=
        (ssize_t)l->request_len)
        fail("send");
}

/* Receives to the end of the connection, or to `wanted` bytes if that is not
 * 0. */
static size_t receive(struct load *l, int fd, size_t wanted)
{
    size_t len = 0;
    ssize_t n = 1;

    while (n > 0 && (wanted == 0 || len < wanted)) {
        n = recv(fd, l->answer + len, sizeof l->answer - len, 0);
        if (n < 0)
            fail("recv");
        len += (size_t)n;
    }
    return len;
}

static void check(struct load *l, size_t len)
{
    if (l->answer_len == 0)
        l->answer_len = len;
    if (len == l->answer_len && len > 12 &&
        memcmp(l->answer, "HTTP/1.", 7) == 0 &&
        memcmp(l->answer + 8, " 200", 4) == 0)
        return;
    fprintf(stderr, "an answer of %zu bytes, the first one had %zu: %.*s\n",
            len, l->answer_len, (int)len, l->answer);
    exit(1);
}

static void run_close(struct load *l, long n, int parallel)
{
    int ring[MAX_PARALLEL];
    long begun = 0;

    for (long done = -parallel; done < n; done++) {
        int *slot = &ring[begun % parallel];
        if (done >= 0) {
            slot = &ring[done % parallel];
            check(l, receive(l, *slot, 0));
            close(*slot);
        }
        if (begun < n) {
            *slot = begin(l);
            ask(l, *slot);
            begun++;
        }
    }
}

/* The first answer is all that comes before the second request is sent: it has
 * a body of a known length, and small answers come in one piece. */
static void run_keep(struct load *l, long n)
{
    int fd = begin(l);
    ssize_t first;

    ask(l, fd);
    first = recv(fd, l->answer, sizeof l->answer, 0);
    check(l, first > 0 ? (size_t)first : 0);
    for (long done = 1; done < n; done++) {
        ask(l, fd);
        check(l, receive(l, fd, l->answer_len));
    }
    close(fd);
}

int main(int argc, char **argv)
{
    static struct load l;
    int parallel;
    long n;

    if (argc != 5)
        return 2;
    n = atol(argv[3]);
    parallel = atoi(argv[4]);
    set_address(&l, argv[1]);
    l.request_len = fread(l.request, 1, sizeof l.request, stdin);
    if (l.request_len == 0 || n < parallel || parallel < 1 ||
        parallel > MAX_PARALLEL)
        return 2;
    if (strcmp(argv[2], "keep") == 0)
        run_keep(&l, n);
    else
        run_close(&l, n, parallel);
    printf("%zu\n", (size_t)n * l.answer_len);
    return 0;
}
