/* uwsgi_config: the log of the three parts, which is standard error. */

#include "uwsgi_config.h"

#include <stdio.h>

/* The line is put together first and leaves in one write, so that it stays
 * one line when several processes share the log. */
void uwsgi_log(const struct net_addr *peer, const char *format, ...)
{
    char address[NET_ADDR_TEXT], line[1024];
    va_list args;

    net_print(peer, address);
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    fprintf(stderr, "strata-uwsgi: %s: %s\n", address, line);
}
