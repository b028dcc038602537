/* conf_lex: one pass over the bytes, a decision a byte. */

#include "conf_lex.h"

#include <string.h>

void conf_lex_init(struct conf_lex *lex, struct span text)
{
    const struct span mark = SPAN("\xEF\xBB\xBF");

    *lex = (struct conf_lex){.rest = text, .line = 1};
    if (span_starts(text, mark))
        lex->rest = (struct span){text.ptr + mark.len, text.len - mark.len};
}

/* Steps over one byte and counts the lines. */
static char take(struct conf_lex *lex)
{
    char c = *lex->rest.ptr++;

    lex->rest.len--;
    if (c == '\n')
        lex->line++;
    return c;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* To the next byte that means something.  A comment needs no blank before it
 * only where a word could begin, and that is where this is called. */
static void skip_blanks(struct conf_lex *lex)
{
    bool comment = false;

    while (lex->rest.len > 0) {
        char c = *lex->rest.ptr;

        if (c == '#')
            comment = true;
        else if (c == '\n')
            comment = false;
        else if (!comment && !is_blank(c))
            return;
        take(lex);
    }
}

/* A word in quotes, from its opening quote on. */
static enum conf_token quoted_word(struct conf_lex *lex, struct span *raw)
{
    char quote = take(lex);

    raw->ptr = lex->rest.ptr;
    while (lex->rest.len > 0) {
        char c = take(lex);

        if (c == quote) {
            raw->len = (size_t)(lex->rest.ptr - 1 - raw->ptr);
            lex->after_quote = true;
            return CONF_TOKEN_WORD;
        }
        if (c == '\\' && lex->rest.len > 0)
            take(lex);
    }
    return CONF_TOKEN_CUT;
}

/* A word without quotes.  What ends it is left for the next call; a word that
 * nothing ends cannot be the last of a directive, so the text is cut. */
static enum conf_token plain_word(struct conf_lex *lex, struct span *raw)
{
    bool after_dollar = false;

    raw->ptr = lex->rest.ptr;
    while (lex->rest.len > 0) {
        char c = *lex->rest.ptr;

        if (is_blank(c) || c == ';' || (c == '{' && !after_dollar)) {
            raw->len = (size_t)(lex->rest.ptr - raw->ptr);
            return CONF_TOKEN_WORD;
        }
        take(lex);
        if (c == '\\' && lex->rest.len > 0)
            take(lex);
        if (c != '{')
            after_dollar = c == '$';
    }
    return CONF_TOKEN_CUT;
}

/* After a closing quote only a blank, `;`, `{` or `)` may follow: the last
 * for `if ($a = "b")`. */
static bool quote_ends_well(struct conf_lex *lex)
{
    char c = *lex->rest.ptr;

    lex->after_quote = false;
    if (is_blank(c) || c == ';' || c == '{' || c == ')')
        return true;
    lex->stray = c;
    return false;
}

enum conf_token conf_lex_next(struct conf_lex *lex, struct span *raw,
                              bool *quoted)
{
    *raw = (struct span){NULL, 0};
    *quoted = false;
    if (lex->after_quote && lex->rest.len > 0 && !quote_ends_well(lex))
        return CONF_TOKEN_STRAY;
    skip_blanks(lex);
    if (lex->rest.len == 0)
        return CONF_TOKEN_END;
    switch (*lex->rest.ptr) {
    case ';':
        take(lex);
        return CONF_TOKEN_SEMICOLON;
    case '{':
        take(lex);
        return CONF_TOKEN_OPEN;
    case '}':
        take(lex);
        return CONF_TOKEN_CLOSE;
    case '"':
    case '\'':
        *quoted = true;
        return quoted_word(lex, raw);
    default:
        return plain_word(lex, raw);
    }
}

size_t conf_lex_unescape(char *to, struct span raw)
{
    static const char from[] = "\"'\\trn", means[] = "\"'\\\t\r\n";
    size_t n = 0;

    for (size_t i = 0; i < raw.len; i++) {
        const char *hit = NULL;

        if (raw.ptr[i] == '\\' && i + 1 < raw.len && raw.ptr[i + 1] != '\0')
            hit = strchr(from, raw.ptr[i + 1]);
        if (hit != NULL)
            i++;
        to[n++] = hit != NULL ? means[hit - from] : raw.ptr[i];
    }
    return n;
}
