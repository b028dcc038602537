/* uwsgi_packet: the uwsgi protocol's packet, encoded and decoded.
 *
 * A packet is a header of four bytes (modifier1; the size of what follows, 16
 * bits, little endian; modifier2) and a block of pairs, each two strings with
 * their length, 16 bits, little endian, before them.  The request's body
 * follows the packet and is no part of it. */

#ifndef STRATA_UWSGI_PACKET_H
#define STRATA_UWSGI_PACKET_H

#include "bytes.h"
#include "http_fields.h" /* enum http_parse */

#define UWSGI_HEADER   4
#define UWSGI_MAX_SIZE 65535 /* of the block, by its 16 bits */

struct uwsgi_header {
    uint8_t modifier1, modifier2;
    uint16_t size;
};

/* Reads the header; `bytes` holds UWSGI_HEADER bytes. */
struct uwsgi_header uwsgi_decode_header(const char *bytes);

struct uwsgi_pair {
    struct span key, value; /* into the block; a value may be empty */
};

/* Takes the next pair off the front of *block.  HTTP_DONE when the block is
 * used up, HTTP_MORE with *pair set when there was a pair, HTTP_BAD with
 * *reason, a constant sentence, when a length runs past the block or a key is
 * empty; *block then still begins with the pair that is refused. */
enum http_parse uwsgi_next_pair(struct span *block, struct uwsgi_pair *pair,
                                const char **reason);

/* True when the four bytes look like the start of an HTTP request (a method's
 * letters), the commonest mistake on a uwsgi socket. */
bool uwsgi_looks_like_http(const char *bytes);

/* Encoding: uwsgi_begin, uwsgi_add for each pair, uwsgi_end.  The packet is
 * appended to *out.  uwsgi_add and uwsgi_end are false when a key is empty, or
 * the block would exceed UWSGI_MAX_SIZE or the buffer its bound; the packet
 * is then useless, and every further call is false too. */
struct uwsgi_encoder {
    struct buf *out;
    size_t at; /* of the packet's header in *out */
    bool failed;
};

void uwsgi_begin(struct uwsgi_encoder *e, struct buf *out);
bool uwsgi_add(struct uwsgi_encoder *e, struct span key, struct span value);
bool uwsgi_end(struct uwsgi_encoder *e, uint8_t modifier1, uint8_t modifier2);

#endif
