/* http_status: a table, looked up by the code itself.
 *
 * Most phrases are the RFC's.  nginx has kept some that are older than it (302
 * "Moved Temporarily", 405 "Not Allowed", 408 "Request Time-out"); scripts
 * match on them, so they stay. */

#include "http_status.h"

static const struct span reasons[] = {
    [100] = SPAN_INIT("Continue"),
    [101] = SPAN_INIT("Switching Protocols"),
    [102] = SPAN_INIT("Processing"),
    [103] = SPAN_INIT("Early Hints"),
    [200] = SPAN_INIT("OK"),
    [201] = SPAN_INIT("Created"),
    [202] = SPAN_INIT("Accepted"),
    [203] = SPAN_INIT("Non-Authoritative Information"),
    [204] = SPAN_INIT("No Content"),
    [205] = SPAN_INIT("Reset Content"),
    [206] = SPAN_INIT("Partial Content"),
    [207] = SPAN_INIT("Multi-Status"),
    [300] = SPAN_INIT("Multiple Choices"),
    [301] = SPAN_INIT("Moved Permanently"),
    [302] = SPAN_INIT("Moved Temporarily"),
    [303] = SPAN_INIT("See Other"),
    [304] = SPAN_INIT("Not Modified"),
    [305] = SPAN_INIT("Use Proxy"),
    [307] = SPAN_INIT("Temporary Redirect"),
    [308] = SPAN_INIT("Permanent Redirect"),
    [400] = SPAN_INIT("Bad Request"),
    [401] = SPAN_INIT("Unauthorized"),
    [402] = SPAN_INIT("Payment Required"),
    [403] = SPAN_INIT("Forbidden"),
    [404] = SPAN_INIT("Not Found"),
    [405] = SPAN_INIT("Not Allowed"),
    [406] = SPAN_INIT("Not Acceptable"),
    [407] = SPAN_INIT("Proxy Authentication Required"),
    [408] = SPAN_INIT("Request Time-out"),
    [409] = SPAN_INIT("Conflict"),
    [410] = SPAN_INIT("Gone"),
    [411] = SPAN_INIT("Length Required"),
    [412] = SPAN_INIT("Precondition Failed"),
    [413] = SPAN_INIT("Request Entity Too Large"),
    [414] = SPAN_INIT("Request-URI Too Large"),
    [415] = SPAN_INIT("Unsupported Media Type"),
    [416] = SPAN_INIT("Requested Range Not Satisfiable"),
    [417] = SPAN_INIT("Expectation Failed"),
    [421] = SPAN_INIT("Misdirected Request"),
    [422] = SPAN_INIT("Unprocessable Content"),
    [423] = SPAN_INIT("Locked"),
    [424] = SPAN_INIT("Failed Dependency"),
    [426] = SPAN_INIT("Upgrade Required"),
    [428] = SPAN_INIT("Precondition Required"),
    [429] = SPAN_INIT("Too Many Requests"),
    [431] = SPAN_INIT("Request Header Fields Too Large"),
    [451] = SPAN_INIT("Unavailable For Legal Reasons"),
    [500] = SPAN_INIT("Internal Server Error"),
    [501] = SPAN_INIT("Not Implemented"),
    [502] = SPAN_INIT("Bad Gateway"),
    [503] = SPAN_INIT("Service Temporarily Unavailable"),
    [504] = SPAN_INIT("Gateway Time-out"),
    [505] = SPAN_INIT("HTTP Version Not Supported"),
    [507] = SPAN_INIT("Insufficient Storage"),
    [511] = SPAN_INIT("Network Authentication Required"),
};

struct span http_reason(int status)
{
    if (status < 0 || status >= (int)COUNT(reasons) ||
        reasons[status].ptr == NULL)
        return SPAN("");
    return reasons[status];
}
