/* taken: one question and one answer over netlink, as sock_diag(7) has it. */

#include "taken.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

struct question {
    struct nlmsghdr head;
    struct inet_diag_req_v2 body;
};

/* The answer: a message, and behind it attributes, of which we want one. */
union answer {
    struct nlmsghdr head;
    char bytes[4096];
};

int taken_open(void)
{
    return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
}

/* Asks for the socket whose own address is our peer's. */
static bool ask(int diag, const struct sockaddr_in *own,
                const struct sockaddr_in *peer)
{
    struct question q = {
        .head = {.nlmsg_len = sizeof q,
                 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                 .nlmsg_flags = NLM_F_REQUEST},
        .body = {.sdiag_family = AF_INET,
                 .sdiag_protocol = IPPROTO_TCP,
                 .idiag_ext = 1 << (INET_DIAG_INFO - 1),
                 .idiag_states = ~0u,
                 .id = {.idiag_sport = peer->sin_port,
                        .idiag_dport = own->sin_port,
                        .idiag_src = {peer->sin_addr.s_addr},
                        .idiag_dst = {own->sin_addr.s_addr},
                        .idiag_cookie = {INET_DIAG_NOCOOKIE,
                                         INET_DIAG_NOCOOKIE}}},
    };

    return send(diag, &q, sizeof q, 0) == (ssize_t)sizeof q;
}

/* What came, less what lies in the queue. */
static int64_t read_answer(const union answer *in, size_t size)
{
    size_t at = NLMSG_LENGTH(sizeof(struct inet_diag_msg));
    struct inet_diag_msg found;
    struct tcp_info info = {0};
    struct rtattr attr;

    if (size < at || in->head.nlmsg_type != SOCK_DIAG_BY_FAMILY)
        return -1;
    memcpy(&found, NLMSG_DATA(&in->head), sizeof found);
    for (; at + sizeof attr <= size; at += RTA_ALIGN(attr.rta_len)) {
        memcpy(&attr, in->bytes + at, sizeof attr);
        if (attr.rta_len < sizeof attr || attr.rta_len > size - at)
            break;
        if (attr.rta_type == INET_DIAG_INFO &&
            RTA_PAYLOAD(&attr) >=
                offsetof(struct tcp_info, tcpi_bytes_received) + 8) {
            size_t n = RTA_PAYLOAD(&attr);

            memcpy(&info, in->bytes + at + RTA_LENGTH(0),
                   n < sizeof info ? n : sizeof info);
            return (int64_t)info.tcpi_bytes_received - found.idiag_rqueue;
        }
    }
    return -1;
}

int64_t taken_bytes(int diag, int fd)
{
    struct sockaddr_in own, peer;
    socklen_t own_len = sizeof own, peer_len = sizeof peer;
    union answer in;
    ssize_t n;

    if (diag < 0 || getsockname(fd, (struct sockaddr *)&own, &own_len) != 0 ||
        getpeername(fd, (struct sockaddr *)&peer, &peer_len) != 0 ||
        own.sin_family != AF_INET || !ask(diag, &own, &peer))
        return -1;
    n = recv(diag, &in, sizeof in, 0);
    return n < 0 ? -1 : read_answer(&in, (size_t)n);
}
