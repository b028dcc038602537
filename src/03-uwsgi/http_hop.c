/* http_hop: the table. */

#include "http_hop.h"

static const struct {
    struct span name;
    unsigned hops;
} fields[] = {
    /* Of one connection (RFC 9110 7.6.1; PEP 3333, "Other HTTP Features"). */
    {SPAN_INIT("Connection"), HOP_REQUEST | HOP_REPLY | HOP_APPLICATION},
    {SPAN_INIT("Keep-Alive"), HOP_REQUEST | HOP_REPLY | HOP_APPLICATION},
    {SPAN_INIT("TE"), HOP_REQUEST | HOP_REPLY | HOP_APPLICATION},
    {SPAN_INIT("Upgrade"), HOP_REQUEST | HOP_REPLY | HOP_APPLICATION},
    {SPAN_INIT("Proxy-Connection"), HOP_REQUEST | HOP_REPLY},
    {SPAN_INIT("Proxy-Authenticate"), HOP_APPLICATION},
    {SPAN_INIT("Proxy-Authorization"), HOP_APPLICATION},
    {SPAN_INIT("Expect"), HOP_REQUEST}, /* answered already */
    /* Of a framing.  Whoever passes a body on has undone its chunks and dropped
     * its trailer; a client's Trailer goes on all the same, as in nginx. */
    {SPAN_INIT("Transfer-Encoding"),
     HOP_REQUEST | HOP_REPLY | HOP_VARIABLES | HOP_APPLICATION},
    {SPAN_INIT("Trailer"), HOP_REPLY | HOP_APPLICATION},
    {SPAN_INIT("Trailers"), HOP_APPLICATION},
    /* Told in another way: once more would be twice. */
    {SPAN_INIT("Content-Length"), HOP_REQUEST | HOP_REPLY | HOP_VARIABLES},
    {SPAN_INIT("Content-Type"), HOP_VARIABLES},
    {SPAN_INIT("Host"), HOP_REQUEST | HOP_VARIABLES},
    {SPAN_INIT("Status"), HOP_REPLY},
    /* As HTTP_PROXY, what HTTP clients inside an application take for their
     * proxy's address. */
    {SPAN_INIT("Proxy"), HOP_VARIABLES},
};

bool http_ends_here(struct span name, enum http_hop hop)
{
    for (size_t i = 0; i < COUNT(fields); i++)
        if ((fields[i].hops & hop) && span_eq_nocase(name, fields[i].name))
            return true;
    return false;
}
