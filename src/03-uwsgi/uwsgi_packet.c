/* uwsgi_packet: strings with their length before them, taken off and put on.
 *
 * Sixteen bits, little endian, are the protocol's only number; two functions
 * here read and write them, byte by byte, so that neither the machine's byte
 * order nor its alignment matters. */

#include "uwsgi_packet.h"

static uint16_t get16(const char *bytes)
{
    const unsigned char *b = (const unsigned char *)bytes;

    return (uint16_t)(b[0] | b[1] << 8);
}

static void put16(char *bytes, size_t value)
{
    bytes[0] = (char)(value & 0xff);
    bytes[1] = (char)(value >> 8);
}

struct uwsgi_header uwsgi_decode_header(const char *bytes)
{
    return (struct uwsgi_header){
        .modifier1 = (uint8_t)bytes[0],
        .modifier2 = (uint8_t)bytes[3],
        .size = get16(bytes + 1),
    };
}

/* Takes a string with its length before it off the front of *block.  The
 * lengths are the sender's word: each is held against what is really left,
 * by subtraction, which cannot overflow. */
static bool take_string(struct span *block, struct span *string)
{
    size_t len;

    if (block->len < 2)
        return false;
    len = get16(block->ptr);
    if (len > block->len - 2)
        return false;
    *string = (struct span){block->ptr + 2, len};
    span_skip(block, 2 + len);
    return true;
}

enum http_parse uwsgi_next_pair(struct span *block, struct uwsgi_pair *pair,
                                const char **reason)
{
    struct span rest = *block;

    if (rest.len == 0)
        return HTTP_DONE;
    if (!take_string(&rest, &pair->key)) {
        *reason = "the length of a key runs past the end of the packet";
        return HTTP_BAD;
    }
    if (pair->key.len == 0) {
        *reason = "a key is empty";
        return HTTP_BAD;
    }
    if (!take_string(&rest, &pair->value)) {
        *reason = "the length of a value runs past the end of the packet";
        return HTTP_BAD;
    }
    *block = rest;
    return HTTP_MORE;
}

/* Three letters are the shortest method, so the fourth byte may be the blank
 * behind it.  As a packet such a start would be modifier1 65 or above and a
 * block of 16 kilobytes or more: nothing that is in use. */
bool uwsgi_looks_like_http(const char *bytes)
{
    for (int i = 0; i < UWSGI_HEADER; i++) {
        bool letter = bytes[i] >= 'A' && bytes[i] <= 'Z';
        if (!letter && !(i == UWSGI_HEADER - 1 && bytes[i] == ' '))
            return false;
    }
    return true;
}

void uwsgi_begin(struct uwsgi_encoder *e, struct buf *out)
{
    e->out = out;
    e->at = out->len;
    e->failed = !buf_add(out, "\0\0\0", UWSGI_HEADER);
}

bool uwsgi_add(struct uwsgi_encoder *e, struct span key, struct span value)
{
    char length[2];
    size_t left;

    if (e->failed)
        return false;
    left = UWSGI_MAX_SIZE - (e->out->len - e->at - UWSGI_HEADER);
    e->failed = true;
    if (key.len == 0 || left < 4 || key.len > left - 4 ||
        value.len > left - 4 - key.len)
        return false;
    put16(length, key.len);
    if (!buf_add(e->out, length, 2) || !buf_add_span(e->out, key))
        return false;
    put16(length, value.len);
    if (!buf_add(e->out, length, 2) || !buf_add_span(e->out, value))
        return false;
    e->failed = false;
    return true;
}

bool uwsgi_end(struct uwsgi_encoder *e, uint8_t modifier1, uint8_t modifier2)
{
    char *header;

    if (e->failed)
        return false;
    header = e->out->ptr + e->at;
    header[0] = (char)modifier1;
    put16(header + 1, e->out->len - e->at - UWSGI_HEADER);
    header[3] = (char)modifier2;
    return true;
}
