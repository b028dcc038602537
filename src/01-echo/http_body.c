/* http_body: counting down a length, and taking chunks apart.
 *
 * Content is never copied: of what comes in, the decoder points at the run
 * that is content.  The lines between chunks are read byte by byte, for they
 * are short and a cut may fall anywhere in them, between CR and LF too. */

#include "http_body.h"

/* Where in a chunked body the next byte stands.
 *
 *     5;a=b CRLF hello CRLF 0 CRLF Name: value CRLF CRLF
 *
 * SIZE, EXT, SIZE_LF, DATA, DATA_CR, DATA_LF, ... up to the last LF. */
enum chunk_state {
    CHUNK_SIZE,  /* the first digit of a size */
    CHUNK_DIGIT, /* a further one, or the end of them */
    CHUNK_BLANK, /* blanks before the ";" of an extension */
    CHUNK_EXT,
    CHUNK_LINE_LF,
    CHUNK_DATA,
    CHUNK_DATA_CR,
    CHUNK_DATA_LF,
    TRAILER_LINE, /* the first byte of a trailer field, or of the last CRLF */
    TRAILER_NAME,
    TRAILER_VALUE,
    TRAILER_LINE_LF,
    TRAILER_END_LF,
    CHUNKED_END,
};

void http_body_init(struct http_body *b, enum http_framing framing,
                    uint64_t length, uint64_t max)
{
    *b = (struct http_body){
        .framing = framing,
        .left = framing == HTTP_LENGTH ? length : 0,
        .max = max,
        .state = CHUNK_SIZE,
    };
}

static bool refuse(struct http_body *b, int status, const char *reason)
{
    b->status = status;
    b->reason = reason;
    return false;
}

static bool go(struct http_body *b, enum chunk_state state)
{
    b->state = state;
    return true;
}

/* Goes on to `state` if c is the byte that must stand here.  A bare LF for a
 * CRLF is no small matter in a body: two servers that disagree about it
 * disagree about where the next request begins. */
static bool must_be(struct http_body *b, char c, char expected,
                    enum chunk_state state)
{
    if (c != expected)
        return refuse(b, 400, "a chunk or its line does not end in CRLF");
    return go(b, state);
}

/* The size is held against the bound digit by digit, before it is multiplied:
 * it can neither overflow nor promise more than is allowed. */
static bool add_digit(struct http_body *b, unsigned digit)
{
    uint64_t room = b->max - b->total;

    if (room < digit || b->left > (room - digit) / 16)
        return refuse(b, 413, "the chunks are more than the body may hold");
    b->left = b->left * 16 + digit;
    return go(b, CHUNK_DIGIT);
}

static bool size_byte(struct http_body *b, char c)
{
    int digit = ascii_hex(c);

    if (digit >= 0)
        return add_digit(b, (unsigned)digit);
    if (b->state == CHUNK_SIZE)
        return refuse(b, 400, "a chunk does not begin with its size in hex");
    if (c == ';')
        return go(b, CHUNK_EXT);
    if (ascii_is_blank(c))
        return go(b, CHUNK_BLANK);
    return must_be(b, c, '\r', CHUNK_LINE_LF);
}

static bool blank_byte(struct http_body *b, char c)
{
    if (ascii_is_blank(c))
        return true;
    if (c == ';')
        return go(b, CHUNK_EXT);
    return refuse(b, 400, "a blank after a chunk size, and no extension");
}

/* What an extension says is nobody's business here (RFC 9112 7.1.1). */
static bool ext_byte(struct http_body *b, char c)
{
    if (http_is_control(c))
        return must_be(b, c, '\r', CHUNK_LINE_LF);
    return true;
}

static bool line_lf_byte(struct http_body *b, char c)
{
    b->line = 0;
    return must_be(b, c, '\n', b->left > 0 ? CHUNK_DATA : TRAILER_LINE);
}

static bool trailer_name_byte(struct http_body *b, char c)
{
    if (http_is_token_char(c))
        return go(b, TRAILER_NAME);
    if (c == ':' && b->state == TRAILER_NAME)
        return go(b, TRAILER_VALUE);
    if (c == '\r' && b->state == TRAILER_LINE)
        return go(b, TRAILER_END_LF);
    return refuse(b, 400, "a trailer field has no valid name");
}

static bool trailer_value_byte(struct http_body *b, char c)
{
    if (c == '\r')
        return go(b, TRAILER_LINE_LF);
    if (http_is_control(c))
        return refuse(b, 400, "a trailer field holds a control byte");
    return true;
}

/* One byte of a chunked body that is no content. */
static bool framing_byte(struct http_body *b, char c)
{
    bool trailer = b->state >= TRAILER_LINE;

    if (++b->line > (trailer ? HTTP_MAX_TRAILER : HTTP_MAX_CHUNK_LINE))
        return trailer ? refuse(b, 431, "the trailer section is too long")
                       : refuse(b, 400, "a chunk line is too long");
    switch (b->state) {
    case CHUNK_SIZE:
    case CHUNK_DIGIT:
        return size_byte(b, c);
    case CHUNK_BLANK:
        return blank_byte(b, c);
    case CHUNK_EXT:
        return ext_byte(b, c);
    case CHUNK_LINE_LF:
        return line_lf_byte(b, c);
    case CHUNK_DATA_CR:
        return must_be(b, c, '\r', CHUNK_DATA_LF);
    case CHUNK_DATA_LF:
        b->line = 0;
        return must_be(b, c, '\n', CHUNK_SIZE);
    case TRAILER_LINE:
    case TRAILER_NAME:
        return trailer_name_byte(b, c);
    case TRAILER_VALUE:
        return trailer_value_byte(b, c);
    case TRAILER_LINE_LF:
        return must_be(b, c, '\n', TRAILER_LINE);
    default:
        return must_be(b, c, '\n', CHUNKED_END);
    }
}

/* Takes as content what is there of the run of b->left bytes. */
static void take_content(struct http_body *b, const char *in, size_t len,
                         size_t *used, struct span *content)
{
    size_t n = len - *used;

    if (n > b->left)
        n = (size_t)b->left;
    *content = (struct span){in + *used, n};
    *used += n;
    b->left -= n;
    b->total += n;
}

static enum http_parse decode_chunked(struct http_body *b, const char *in,
                                      size_t len, size_t *used,
                                      struct span *content)
{
    while (b->state != CHUNKED_END) {
        if (*used == len)
            return HTTP_MORE;
        if (b->state == CHUNK_DATA) {
            if (content->len > 0)
                return HTTP_MORE; /* one run is all that a call can give */
            take_content(b, in, len, used, content);
            if (b->left == 0)
                b->state = CHUNK_DATA_CR;
        } else if (!framing_byte(b, in[(*used)++])) {
            return HTTP_BAD;
        }
    }
    return HTTP_DONE;
}

enum http_parse http_decode_body(struct http_body *b, const char *in,
                                 size_t len, size_t *used, struct span *content)
{
    *used = 0;
    *content = (struct span){in, 0};
    if (b->status != 0)
        return HTTP_BAD;
    switch (b->framing) {
    case HTTP_NO_BODY:
        return HTTP_DONE;
    case HTTP_CHUNKED:
        return decode_chunked(b, in, len, used, content);
    case HTTP_TO_CLOSE:
        b->left = len;
        break;
    case HTTP_LENGTH:
        break;
    }
    if (b->left > b->max - b->total) {
        refuse(b, 413, "the body is longer than it may be");
        return HTTP_BAD;
    }
    take_content(b, in, len, used, content);
    return b->left == 0 && b->framing == HTTP_LENGTH ? HTTP_DONE : HTTP_MORE;
}

bool http_body_may_end(const struct http_body *b)
{
    switch (b->framing) {
    case HTTP_LENGTH:
        return b->left == 0;
    case HTTP_CHUNKED:
        return b->state == CHUNKED_END;
    default:
        return true;
    }
}
