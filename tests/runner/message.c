/* message: strict readers for what programs send. */

#include "message.h"

#include <string.h>

#define PACKET_HEADER 4
#define MAX_BODY      (256u << 20)

static enum message_state bad(struct message *m, const char *problem)
{
    m->problem = problem;
    return MESSAGE_BAD;
}

bool message_line(struct span bytes, struct span *line)
{
    const char *end = span_chr(bytes, '\n');

    if (!end)
        return false;
    *line = (struct span){bytes.ptr, (size_t)(end - bytes.ptr)};
    if (line->len && line->ptr[line->len - 1] == '\r')
        line->len--;
    return true;
}

static bool add_field(struct message *m, struct span name, struct span value)
{
    if (m->count == MESSAGE_MAX_FIELDS)
        return false;
    m->fields[m->count++] = (struct message_field){name, value, false};
    return true;
}

static size_t le16(const char *p)
{
    return (unsigned char)p[0] | (size_t)(unsigned char)p[1] << 8;
}

/* A string with its length before it. */
static bool take_string(struct span *block, struct span *s)
{
    if (block->len < 2 || block->len - 2 < le16(block->ptr))
        return false;
    *s = (struct span){block->ptr + 2, le16(block->ptr)};
    *block = (struct span){s->ptr + s->len, block->len - 2 - s->len};
    return true;
}

static enum message_state packet_head(struct message *m, struct span bytes)
{
    struct span block, name, value;

    if (bytes.len < PACKET_HEADER)
        return MESSAGE_MORE;
    m->start = (struct span){bytes.ptr, PACKET_HEADER};
    m->head_len = PACKET_HEADER + le16(bytes.ptr + 1);
    if (bytes.len < m->head_len)
        return MESSAGE_MORE;
    block =
        (struct span){bytes.ptr + PACKET_HEADER, m->head_len - PACKET_HEADER};
    while (block.len) {
        if (!take_string(&block, &name) || !take_string(&block, &value))
            return bad(m, "a length in the packet runs past its end");
        if (!add_field(m, name, value))
            return bad(m, "more variables than the runner takes");
        if (span_eq(name, SPAN("CONTENT_LENGTH")) && value.len &&
            !span_decimal(value, &m->length))
            return bad(m, "CONTENT_LENGTH is not a number");
    }
    m->framing = m->length ? MESSAGE_LENGTH : MESSAGE_NO_BODY;
    return MESSAGE_DONE;
}

static enum message_state find_framing(struct message *m)
{
    bool has_length = false, chunked = false;
    const char *blank = span_chr(m->start, ' ');
    struct span status = {blank ? blank + 1 : "", blank ? 3 : 0};

    for (size_t i = 0; i < m->count; i++) {
        struct message_field *f = &m->fields[i];

        if (span_eq_nocase(f->name, SPAN("Transfer-Encoding")))
            chunked |= span_eq_nocase(f->value, SPAN("chunked"));
        if (!span_eq_nocase(f->name, SPAN("Content-Length")))
            continue;
        has_length = true;
        if (!span_decimal(f->value, &m->length))
            return bad(m, "Content-Length is not a number");
    }
    if (m->kind == MESSAGE_RESPONSE &&
        (span_starts(status, SPAN("1")) || span_eq(status, SPAN("204")) ||
         span_eq(status, SPAN("304"))))
        m->framing = MESSAGE_NO_BODY;
    else if (chunked)
        m->framing = MESSAGE_CHUNKED;
    else if (has_length)
        m->framing = MESSAGE_LENGTH;
    else
        m->framing =
            m->kind == MESSAGE_REQUEST ? MESSAGE_NO_BODY : MESSAGE_TO_CLOSE;
    return MESSAGE_DONE;
}

enum message_state message_head(struct message *m, enum message_kind kind,
                                struct span bytes)
{
    struct buf body = m->body;
    const char *end;
    struct span head, line;

    *m = (struct message){.kind = kind, .body = body};
    m->body.len = 0;
    m->body.max = MAX_BODY;
    if (kind == MESSAGE_PACKET)
        return packet_head(m, bytes);
    end = bytes.len ? memmem(bytes.ptr, bytes.len, "\r\n\r\n", 4) : NULL;
    if (!end)
        return MESSAGE_MORE;
    m->head_len = (size_t)(end + 4 - bytes.ptr);
    head = (struct span){bytes.ptr, m->head_len - 2};
    message_line(head, &m->start);
    if (m->start.ptr[m->start.len] != '\r')
        return bad(m, "the start line ends in LF without CR");
    head.ptr += m->start.len + 2;
    head.len -= m->start.len + 2;
    while (message_line(head, &line)) {
        const char *colon = span_chr(line, ':');

        if (line.ptr[line.len] != '\r')
            return bad(m, "a line of the head ends in LF without CR");
        if (!colon || colon == line.ptr)
            return bad(m, "a line of the head is no \"Name: value\"");
        if (!add_field(
                m, (struct span){line.ptr, (size_t)(colon - line.ptr)},
                span_trim((struct span){
                    colon + 1, (size_t)(line.ptr + line.len - colon - 1)})))
            return bad(m, "more fields than the runner takes");
        head.ptr += line.len + 2;
        head.len -= line.len + 2;
    }
    return find_framing(m);
}

enum { CHUNK_SIZE, CHUNK_DATA, CHUNK_END, CHUNK_TRAILER };

/* A line with CRLF at the front of `rest`. */
static enum message_state chunk_line(struct message *m, struct span rest,
                                     struct span *line)
{
    if (!message_line(rest, line))
        return MESSAGE_MORE;
    if (line->ptr[line->len] != '\r')
        return bad(m, "a line of the chunked body ends in LF without CR");
    m->used += line->len + 2;
    return MESSAGE_DONE;
}

static enum message_state chunk_step(struct message *m, struct span rest)
{
    struct span line, size = SPAN_INIT("");
    enum message_state state;

    if (m->state == CHUNK_DATA) {
        size_t n = rest.len < m->chunk ? rest.len : (size_t)m->chunk;

        buf_add(&m->body, rest.ptr, n);
        m->used += n;
        m->chunk -= n;
        if (m->chunk == 0)
            m->state = CHUNK_END;
        return n ? MESSAGE_DONE : MESSAGE_MORE;
    }
    state = chunk_line(m, rest, &line);
    if (state != MESSAGE_DONE)
        return state;
    switch (m->state) {
    case CHUNK_SIZE:
        span_next(&line, ';', &size);
        if (!span_hex(span_trim(size), &m->chunk))
            return bad(m, "a chunk's size is no hexadecimal number");
        m->state = m->chunk ? CHUNK_DATA : CHUNK_TRAILER;
        return MESSAGE_DONE;
    case CHUNK_END:
        m->state = CHUNK_SIZE;
        return line.len ? bad(m, "a chunk is longer than its size")
                        : MESSAGE_DONE;
    default:
        if (line.len == 0)
            m->framing = MESSAGE_NO_BODY; /* all of it has been decoded */
        return MESSAGE_DONE;
    }
}

enum message_state message_body(struct message *m, struct span bytes,
                                bool final)
{
    struct span rest = {bytes.ptr + m->used, bytes.len - m->used};
    enum message_state state = MESSAGE_DONE;
    size_t n = rest.len;

    if (m->framing == MESSAGE_CHUNKED) {
        while (state == MESSAGE_DONE && m->framing == MESSAGE_CHUNKED)
            state = chunk_step(
                m, (struct span){bytes.ptr + m->used, bytes.len - m->used});
        return state;
    }
    if (m->framing == MESSAGE_NO_BODY)
        return MESSAGE_DONE;
    if (m->framing == MESSAGE_LENGTH && n > m->length - m->used)
        n = (size_t)(m->length - m->used);
    buf_add(&m->body, rest.ptr, n);
    m->used += n;
    if (m->framing == MESSAGE_LENGTH)
        return m->used == m->length ? MESSAGE_DONE : MESSAGE_MORE;
    return final ? MESSAGE_DONE : MESSAGE_MORE;
}
