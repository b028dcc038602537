/* Which of several applications a request is for. */

#include "unit.h"
#include "wsgi_mount.h"

#include <stdlib.h>

static void mount(struct wsgi_config *c, const char *const *texts)
{
    struct err err;

    wsgi_config_init(c);
    for (; *texts != NULL; texts++)
        CU_ASSERT(wsgi_mount_add(c, *texts, &err));
}

static void find(void)
{
    static const char *const texts[] = {"/shop=a.py", "/shop/admin=b.py",
                                        "/wiki/=c:app", NULL};
    static const struct {
        const char *script_name, *path;
        bool manage;
        size_t found, cut;
    } table[] = {
        /* The front has divided the path. */
        {"", "/shop/x", false, 3, 0},
        {"/shop", "/x", false, 0, 0},
        {"/shop/admin", "", false, 1, 0},
        {"/shop/", "/x", false, 3, 0},
        {"/wiki", "/shop", false, 2, 0},
        {"/none", "/x", false, 3, 0},
        /* The host does. */
        {"", "/shop", true, 0, 5},
        {"", "/shop/", true, 0, 5},
        {"", "/shop/x", true, 0, 5},
        {"", "/shop/adm", true, 0, 5},
        {"", "/shop/admin/x", true, 1, 11},
        {"", "/shopping", true, 3, 0},
        {"", "/sho", true, 3, 0},
        {"", "//shop", true, 3, 0},
        {"", "/", true, 3, 0},
        {"", "", true, 3, 0},
        {"", "*", true, 3, 0},
        {"", "/wiki/x", true, 2, 5},
        {"/wiki", "/x", true, 2, 0},
        {"/wiki", "/shop/x", true, 0, 5},
    };
    struct wsgi_config c;
    size_t cut = 99;

    mount(&c, texts);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        c.manage_script_name = table[i].manage;
        CU_ASSERT_EQUAL(wsgi_mount_find(&c, span_of(table[i].script_name),
                                        span_of(table[i].path), &cut),
                        table[i].found);
        CU_ASSERT_EQUAL(cut, table[i].cut);
    }
    wsgi_config_free(&c);
}

static void root(void)
{
    static const char *const texts[] = {"/shop=a.py", "/=b.py", NULL};
    struct wsgi_config c;
    size_t cut;

    mount(&c, texts);
    CU_ASSERT_EQUAL(wsgi_mount_find(&c, SPAN(""), SPAN("/x"), &cut), 1);
    CU_ASSERT_EQUAL(cut, 0);
    c.manage_script_name = true;
    CU_ASSERT_EQUAL(wsgi_mount_find(&c, SPAN(""), SPAN("/x"), &cut), 1);
    CU_ASSERT_EQUAL(cut, 0);
    CU_ASSERT_EQUAL(wsgi_mount_find(&c, SPAN(""), SPAN("/shop"), &cut), 0);
    CU_ASSERT_EQUAL(cut, 5);
    wsgi_config_free(&c);
}

static void bad(void)
{
    static const char *const first[] = {"/shop=a.py", NULL};
    static const char *const texts[] = {
        "", "=a.py", "shop=a.py", "/shop", "/x=", "/shop=b.py", "/shop//=b.py"};
    struct wsgi_config c;
    struct err err;

    mount(&c, first);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        CU_ASSERT(!wsgi_mount_add(&c, texts[i], &err));
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, texts[i]));
        CU_ASSERT_EQUAL(c.mount_count, 1);
    }
    wsgi_config_free(&c);
    CU_ASSERT_EQUAL(c.mount_count, 0);
}

UNIT_MAIN("wsgi_mount", {"find", find}, {"root", root}, {"bad", bad})
