/* command_line: see the header. */

#include "command_line.h"

#include <string.h>

/* The options: those without a value set a flag, the others a text. */
static const struct option {
    char letter;
    size_t flag, also; /* offsets; also: a second flag, or the same */
    size_t text;
    const char *value; /* what the value is called; NULL: there is none */
} options[] = {
#define AT(member) offsetof(struct command_line, member)
    {'?', AT(help), AT(version), 0, NULL},
    {'h', AT(help), AT(version), 0, NULL},
    {'v', AT(version), AT(version), 0, NULL},
    {'V', AT(configure), AT(version), 0, NULL},
    {'t', AT(test), AT(test), 0, NULL},
    {'T', AT(dump), AT(test), 0, NULL},
    {'q', AT(quiet), AT(quiet), 0, NULL},
    {'p', 0, 0, AT(prefix), "directory name"},
    {'e', 0, 0, AT(error_log), "file name"},
    {'c', 0, 0, AT(conf), "file name"},
    {'g', 0, 0, AT(globals), "parameter"},
    {'s', 0, 0, AT(signal), "parameter"},
};

static const struct option *find_option(char letter)
{
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        if (options[i].letter == letter)
            return &options[i];
    return NULL;
}

/* One word of options.  *next is the word after it, and moves on when an
 * option takes that one as its value. */
static bool read_word(struct command_line *line, const char *word, char ***next,
                      struct err *err)
{
    const struct option *o;

    for (const char *p = word; *p != '\0'; p++) {
        o = find_option(*p);
        if (o == NULL)
            return err_set(err, "invalid option: \"%c\"", *p);
        if (o->value == NULL) {
            *(bool *)((char *)line + o->flag) = true;
            *(bool *)((char *)line + o->also) = true;
            continue;
        }
        p = p[1] != '\0' ? p + 1 : **next != NULL ? *(*next)++ : "";
        if (*p == '\0')
            return err_set(err, "option \"-%c\" requires %s", o->letter,
                           o->value);
        *(const char **)((char *)line + o->text) = p;
        return true;
    }
    return true;
}

static bool is_signal(const char *name)
{
    return strcmp(name, "stop") == 0 || strcmp(name, "quit") == 0 ||
           strcmp(name, "reopen") == 0 || strcmp(name, "reload") == 0;
}

bool command_line_read(struct command_line *line, char **argv, struct err *err)
{
    char **next = argv[0] != NULL ? argv + 1 : argv;

    *line = (struct command_line){false};
    while (*next != NULL) {
        const char *word = *next++;

        if (word[0] != '-')
            return err_set(err, "invalid option: \"%s\"", word);
        if (!read_word(line, word + 1, &next, err))
            return false;
    }
    if (line->signal != NULL && !is_signal(line->signal))
        return err_set(err, "invalid option: \"-s %s\"", line->signal);
    return true;
}
