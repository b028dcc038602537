/* listener: one socket, from its address to the signal that ends the program.
 *
 * Accepting never gives up: whatever is wrong with one connection, or with the
 * machine for a while, the next client is waited for. */

#include "listener.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG 511 /* nginx's */

/* How long nothing is accepted after a failure.  When the machine is out of
 * something, trying again at once would not bring it back, only burn the
 * processor. */
#define RETRY_MS 100

/* The signal handler can be told nothing; this is for it alone. */
static const char *socket_path;

/* Nothing here is worth finishing: the server holds one client, and leaves
 * nothing behind but the file of a unix socket. */
static void stop(int signal)
{
    if (socket_path != NULL)
        unlink(socket_path);
    _exit(0);
}

static void set_signals(void)
{
    struct sigaction action = {.sa_handler = stop};

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

int listener_open(const char *program, const char *where, struct err *err)
{
    char text[NET_ADDR_TEXT];
    struct net_addr addr;
    int fd;

    if (!net_parse(&addr, where, err))
        return -1;
    fd = net_listen(&addr, BACKLOG, err);
    if (fd < 0)
        return -1;
    if (addr.sa.sa_family == AF_UNIX)
        socket_path = where + strlen("unix:");
    set_signals();
    net_local(fd, &addr); /* port 0 has become a real one */
    net_print(&addr, text);
    fprintf(stderr, "%s: listening on %s\n", program, text);
    return fd;
}

int listener_next(int listener, const char *program, struct net_addr *peer)
{
    for (;;) {
        int fd = net_accept(listener, peer, NET_FOREVER);

        if (fd >= 0)
            return fd;
        fprintf(stderr, "%s: cannot accept a connection: %s\n", program,
                strerror(errno));
        poll(NULL, 0, RETRY_MS);
    }
}
