/* wsgi_command_line: each form of an option, the order of what is found, and
 * what is refused. */

#include "unit.h"
#include "wsgi_command_line.h"

static const struct wsgi_option first[] = {
    {"module", 'w', WSGI_VALUE, "NAME", "", NULL, 0},
    {"master", 'M', WSGI_FLAG, NULL, "", NULL, 0},
    {0},
};

static const struct wsgi_option second[] = {
    {"socket", 's', WSGI_VALUE, NULL, "", NULL, 0},
    {"lazy", 'z', WSGI_FLAG, NULL, "", NULL, 0},
    {0},
};

static char found[256];
static struct err err;

/* "name=value " for an option, "name " for a flag, "<word> " for a word. */
static bool note(void *whose, const struct wsgi_option *o, const char *value,
                 struct err *why)
{
    size_t n = strlen(found);

    if (o == NULL && strcmp(value, "no") == 0)
        return err_set(why, "no is refused");
    if (o == NULL)
        snprintf(found + n, sizeof found - n, "<%s> ", value);
    else
        snprintf(found + n, sizeof found - n, "%s%s%s ", o->name,
                 value != NULL ? "=" : "", value != NULL ? value : "");
    return true;
}

static bool read_words(char **argv)
{
    static const struct wsgi_option *const tables[] = {first, second, NULL};
    const struct wsgi_command_line line = {tables, note, NULL};

    found[0] = '\0';
    return wsgi_read_command_line(&line, argv, &err);
}

#define FINDS(text, ...)                                                       \
    do {                                                                       \
        CU_ASSERT_TRUE(read_words((char *[]){"x", ##__VA_ARGS__, NULL}));      \
        CU_ASSERT_STRING_EQUAL(found, text);                                   \
    } while (0)

#define REFUSES(message, ...)                                                  \
    do {                                                                       \
        CU_ASSERT_FALSE(read_words((char *[]){"x", ##__VA_ARGS__, NULL}));     \
        CU_ASSERT_STRING_EQUAL(err.text, message);                             \
    } while (0)

static void forms(void)
{
    FINDS("");
    FINDS("module=a ", "--module", "a");
    FINDS("module=a=b ", "--module=a=b");
    FINDS("module= ", "--module=");
    FINDS("module= ", "-w", "");
    FINDS("module=a ", "-w", "a");
    FINDS("module=a ", "-wa");
    FINDS("module=--master ", "--module", "--master");
    FINDS("master ", "--master");
    FINDS("master=no ", "--master=no");
    FINDS("master lazy ", "-Mz");
    FINDS("master lazy socket=a ", "-Mzsa");
    FINDS("master lazy socket=a ", "-Mzs", "a");
}

/* The order is the meaning, also between tables. */
static void order(void)
{
    FINDS("<a.ini> socket=1 <b> master socket=2 <c> ", "a.ini", "-s1", "b",
          "-M", "--socket", "2", "c");
    FINDS("<-> <--> ", "-", "--");
}

static void cut_short(void)
{
    FINDS("module=a ", "--mo=a");
    FINDS("lazy ", "--l");
    REFUSES("option --m could be --module or --master", "--m", "a");
}

static void refused(void)
{
    REFUSES("there is no option --nonsense; --help lists them all",
            "--nonsense=1");
    REFUSES("there is no option -Z; --help lists them all", "-MZ");
    REFUSES("option --module wants a value: NAME", "--module");
    REFUSES("option --module wants a value: NAME", "-Mw");
    REFUSES("option --socket wants a value: VALUE", "--socket");
    REFUSES("no is refused", "-M", "no", "--nonsense");
    CU_ASSERT_STRING_EQUAL(found, "master "); /* and what follows is not read */
}

UNIT_MAIN("wsgi_command_line", {"forms", forms}, {"order", order},
          {"cut short", cut_short}, {"refused", refused})
