/* http_date: dates as HTTP writes them (RFC 9110 5.6.7).
 *
 * The C library counts the days; what is done here is the spelling, which the
 * library would take from the locale, and the checks, which it leaves out. */

#include "http_date.h"

#include <string.h>

static const char days[] = "SunMonTueWedThuFriSat";
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

/* The last second that has a year of four digits. */
#define LAST_SECOND 253402300799

static char *put_digits(char *out, int value, int width)
{
    for (int i = width - 1; i >= 0; i--, value /= 10)
        out[i] = (char)('0' + value % 10);
    return out + width;
}

static char *put_text(char *out, const char *text, size_t n)
{
    memcpy(out, text, n);
    return out + n;
}

/* A file's time may be any number; a date has room for the years 1970 to
 * 9999, so what lies outside is shown as the nearest second inside. */
void http_date_format(char *out, time_t t)
{
    struct tm tm;

    t = t < 0 ? 0 : t > LAST_SECOND ? LAST_SECOND : t;
    gmtime_r(&t, &tm);
    out = put_text(out, days + 3 * tm.tm_wday, 3);
    out = put_text(out, ", ", 2);
    out = put_digits(out, tm.tm_mday, 2);
    out = put_text(out, " ", 1);
    out = put_text(out, months + 3 * tm.tm_mon, 3);
    out = put_text(out, " ", 1);
    out = put_digits(out, tm.tm_year + 1900, 4);
    out = put_text(out, " ", 1);
    out = put_digits(out, tm.tm_hour, 2);
    out = put_text(out, ":", 1);
    out = put_digits(out, tm.tm_min, 2);
    out = put_text(out, ":", 1);
    out = put_digits(out, tm.tm_sec, 2);
    put_text(out, " GMT", 4);
}

struct span http_clock_now(struct http_clock *clock)
{
    time_t now = time(NULL);

    if (clock->second != now) {
        clock->second = now;
        http_date_format(clock->text, now);
    }
    return (struct span){clock->text, HTTP_DATE_LEN};
}

/* The readers below take what they read off the front of *s. */
static bool take_char(struct span *s, char c)
{
    return span_skip_prefix(s, (struct span){&c, 1});
}

static bool take_digits(struct span *s, int width, int *value)
{
    for (*value = 0; width > 0; width--) {
        if (s->len == 0 || !ascii_is_digit(*s->ptr))
            return false;
        *value = 10 * *value + (*s->ptr - '0');
        span_skip(s, 1);
    }
    return true;
}

static bool take_month(struct span *s, int *month)
{
    for (*month = 0; *month < 12; ++*month)
        if (span_skip_prefix(s, (struct span){months + 3 * *month, 3}))
            return true;
    return false;
}

static bool take_time(struct span *s, struct tm *tm)
{
    return take_digits(s, 2, &tm->tm_hour) && take_char(s, ':') &&
           take_digits(s, 2, &tm->tm_min) && take_char(s, ':') &&
           take_digits(s, 2, &tm->tm_sec);
}

/* "06 Nov 1994 08:49:37" and "06-Nov-94 08:49:37". */
static bool take_day_first(struct span *s, struct tm *tm)
{
    bool full;

    if (!take_digits(s, 2, &tm->tm_mday))
        return false;
    full = take_char(s, ' ');
    if (!full && !take_char(s, '-'))
        return false;
    if (!take_month(s, &tm->tm_mon) || !take_char(s, full ? ' ' : '-') ||
        !take_digits(s, full ? 4 : 2, &tm->tm_year))
        return false;
    if (full)
        tm->tm_year -= 1900;
    else if (tm->tm_year < 70)
        tm->tm_year += 100;
    return take_char(s, ' ') && take_time(s, tm);
}

/* "Nov  6 08:49:37 1994", the form of asctime. */
static bool take_month_first(struct span *s, struct tm *tm)
{
    if (!take_month(s, &tm->tm_mon) || !take_char(s, ' '))
        return false;
    if (take_char(s, ' ') ? !take_digits(s, 1, &tm->tm_mday)
                          : !take_digits(s, 2, &tm->tm_mday))
        return false;
    if (!take_char(s, ' ') || !take_time(s, tm) || !take_char(s, ' ') ||
        !take_digits(s, 4, &tm->tm_year))
        return false;
    tm->tm_year -= 1900;
    return true;
}

/* timegm makes the 2nd of March of the 30th of February.  A date that does
 * not survive the way there and back was none. */
static bool real_time(const struct tm *tm, time_t *t)
{
    struct tm there = *tm, back;

    *t = timegm(&there);
    gmtime_r(t, &back);
    return tm->tm_mday == back.tm_mday && tm->tm_mon == back.tm_mon &&
           tm->tm_hour == back.tm_hour && tm->tm_min == back.tm_min &&
           tm->tm_sec == back.tm_sec;
}

bool http_date_parse(struct span text, time_t *t)
{
    struct span s = text;
    struct tm tm = {0};
    time_t found;

    while (s.len > 0 && *s.ptr != ',' && *s.ptr != ' ')
        span_skip(&s, 1);
    if (take_char(&s, ',')) {
        if (!take_char(&s, ' ') || !take_day_first(&s, &tm))
            return false;
    } else if (!take_char(&s, ' ') || !take_month_first(&s, &tm)) {
        return false;
    }
    if (!real_time(&tm, &found))
        return false;
    *t = found;
    return true;
}
