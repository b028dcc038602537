/* The table of media types. */

#include "mime.h"
#include "unit.h"

static void check_type(const struct mime_table *t, const char *path,
                       const char *want)
{
    struct span got = mime_type(t, span_of(path), SPAN("default"));

    if (!span_eq(got, span_of(want)))
        printf("%s: want %s, got %.*s\n", path, want, SPAN_ARG(got));
    CU_ASSERT(span_eq(got, span_of(want)));
}

static void test_known(void)
{
    static const struct {
        const char *path, *want;
    } rows[] = {
        {"/index.html", "text/html"},
        {"/INDEX.HTML", "text/html"},
        {"/a.htm", "text/html"},
        {"a.css", "text/css"},
        {"/x/y.js", "application/javascript"},
        {"/x.tar.zip", "application/zip"},
        {"/a.json", "application/json"},
        {"/a.txt", "text/plain"},
        {"/a.woff2", "font/woff2"},
        {"/a.7z", "application/x-7z-compressed"},
        {"/a.pptx", "application/vnd.openxmlformats-officedocument."
                    "presentationml.presentation"},
        {"/a.avi", "video/x-msvideo"},
        {"/a.3gp", "video/3gpp"},
        {"/a.msm", "application/octet-stream"},
        {"/.a.css", "text/css"},
        {"/.css", "default"},
        {"/dir/.css", "default"},
        {".css", "default"},
        {"/dir.css/file", "default"},
        {"/dir.css/", "default"},
        {"/css", "default"},
        {"/a.", "default"},
        {"/a.cssx", "default"},
        {"/a.cs", "default"},
        {"/", "default"},
        {"", "default"},
        {".", "default"},
    };
    struct mime_table *t = mime_new();

    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    CU_ASSERT(mime_add_known(t));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_type(t, rows[i].path, rows[i].want);
    mime_free(t);
}

static void test_add(void)
{
    struct mime_table *t = mime_new();
    char name[16];

    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    check_type(t, "/a.html", "default");
    CU_ASSERT(mime_add(t, SPAN("HTML"), SPAN("first/one")));
    check_type(t, "/a.html", "first/one");
    CU_ASSERT(mime_add(t, SPAN("html"), SPAN("second/one")));
    check_type(t, "/a.Html", "second/one");
    CU_ASSERT(mime_add(t, SPAN("none"), SPAN("")));
    check_type(t, "/a.none", "");
    for (int i = 0; i < 5000; i++) {
        snprintf(name, sizeof name, "x%d", i);
        CU_ASSERT_FATAL(mime_add(t, span_of(name), span_of(name)));
    }
    check_type(t, "/a.x0", "x0");
    check_type(t, "/a.x4999", "x4999");
    check_type(t, "/a.x5000", "default");
    mime_free(t);
    mime_free(NULL);
}

UNIT_MAIN("mime", {"known", test_known}, {"add", test_add})
