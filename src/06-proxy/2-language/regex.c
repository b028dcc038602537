/* regex: PCRE2 behind two functions; see regex.h. */

#define PCRE2_CODE_UNIT_WIDTH 8

#include "regex.h"

#include <pcre2.h>

#define SUBJECT_SHOWN 200 /* bytes of it in a message */

struct regex {
    struct span pattern;
    pcre2_code *code;
    pcre2_match_data *match;
};

static void regex_free(void *what)
{
    struct regex *re = what;

    pcre2_match_data_free(re->match);
    pcre2_code_free(re->code);
}

struct regex *regex_compile(struct arena *a, struct span pattern, bool nocase,
                            struct err *err)
{
    struct regex *re = arena_zalloc(a, sizeof *re);
    int code;
    PCRE2_SIZE at;

    if (re == NULL) {
        err_set(err, "out of memory");
        return NULL;
    }
    re->pattern = pattern;
    re->code = pcre2_compile((PCRE2_SPTR)pattern.ptr, pattern.len,
                             nocase ? PCRE2_CASELESS : 0, &code, &at, NULL);
    if (re->code == NULL) {
        PCRE2_UCHAR why[128];

        pcre2_get_error_message(code, why, sizeof why);
        if (at == pattern.len)
            err_set(err, "pcre2_compile() failed: %s in \"%.*s\"", why,
                    SPAN_ARG(pattern));
        else
            err_set(err, "pcre2_compile() failed: %s in \"%.*s\" at \"%.*s\"",
                    why, SPAN_ARG(pattern), (int)(pattern.len - at),
                    pattern.ptr + at);
        return NULL;
    }
    re->match = pcre2_match_data_create_from_pattern(re->code, NULL);
    if (re->match == NULL || !arena_on_reset(a, regex_free, re)) {
        err_set(err, "out of memory");
        return NULL;
    }
    return re;
}

struct regex_result regex_match(struct regex *re, struct span subject,
                                struct span *list, unsigned max,
                                struct err *err)
{
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(re->match);
    int n;

    if (subject.len == 0)
        subject.ptr = ""; /* it may have been NULL */
    n = pcre2_match(re->code, (PCRE2_SPTR)subject.ptr, subject.len, 0, 0,
                    re->match, NULL);
    if (n == PCRE2_ERROR_NOMATCH)
        return (struct regex_result){REGEX_NO};
    if (n < 0) {
        if (subject.len > SUBJECT_SHOWN)
            subject.len = SUBJECT_SHOWN;
        err_set(err, "pcre2_match() failed: %d on \"%.*s\" using \"%.*s\"", n,
                SPAN_ARG(subject), SPAN_ARG(re->pattern));
        return (struct regex_result){REGEX_GAVE_UP};
    }
    for (unsigned i = 0; i < max; i++)
        list[i] = i < (unsigned)n && at[2 * i] != PCRE2_UNSET
                      ? (struct span){subject.ptr + at[2 * i],
                                      at[2 * i + 1] - at[2 * i]}
                      : (struct span){NULL, 0};
    return (struct regex_result){REGEX_YES};
}

int regex_named(const struct regex *re, struct span name)
{
    char text[64];
    int n;

    if (name.len >= sizeof text)
        return -1;
    for (size_t i = 0; i < name.len; i++)
        text[i] = name.ptr[i];
    text[name.len] = '\0';
    n = pcre2_substring_number_from_name(re->code, (PCRE2_SPTR)text);
    return n > 0 ? n : -1;
}

void regex_names(const struct regex *re,
                 void (*each)(void *context, struct span name), void *context)
{
    uint32_t count = 0, size = 0;
    PCRE2_SPTR table = NULL;

    pcre2_pattern_info(re->code, PCRE2_INFO_NAMECOUNT, &count);
    pcre2_pattern_info(re->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
    pcre2_pattern_info(re->code, PCRE2_INFO_NAMETABLE, &table);
    for (uint32_t i = 0; i < count; i++)
        each(context, span_of((const char *)table + i * size + 2));
}
