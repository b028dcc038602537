/* conf_lex: nginx.conf as tokens.
 *
 * Words are parted by blanks and line ends and end before `;` and `{`; `#`
 * where a word could begin starts a comment to the end of the line.  A word
 * that begins with a quote ends at the same quote.  A backslash takes the
 * meaning from the byte after it; `${` does not end a word, so that
 * `/a${name}b` is one.  A `}` is a token only where a word could begin.
 *
 * The functions are pure: they look at bytes in memory and allocate nothing. */

#ifndef STRATA_CONF_LEX_H
#define STRATA_CONF_LEX_H

#include "bytes.h"

enum conf_token {
    CONF_TOKEN_WORD,
    CONF_TOKEN_SEMICOLON,
    CONF_TOKEN_OPEN,
    CONF_TOKEN_CLOSE,
    CONF_TOKEN_END,   /* of the text, where a word could begin */
    CONF_TOKEN_CUT,   /* the text ends inside a word */
    CONF_TOKEN_STRAY, /* `stray` follows a closing quote */
};

struct conf_lex {
    struct span rest;
    unsigned line;    /* where the token read last ends, from 1 */
    bool after_quote; /* the last token was a word in quotes */
    char stray;
};

/* Starts at the beginning of a text.  A UTF-8 byte order mark is skipped. */
void conf_lex_init(struct conf_lex *lex, struct span text);

/* The next token.  Of a word, *raw is what stands in the text (without the
 * quotes, escapes as they are) and *quoted tells whether it was in quotes. */
enum conf_token conf_lex_next(struct conf_lex *lex, struct span *raw,
                              bool *quoted);

/* Resolves the escapes of a raw word into `to`, which has room for raw.len
 * bytes: \" \' \\ are the byte itself, \t \r \n the control characters, and
 * any other backslash stays as it is, for regular expressions.  Returns the
 * length. */
size_t conf_lex_unescape(char *to, struct span raw);

#endif
