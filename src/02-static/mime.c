/* mime: from a file's name to its media type.
 *
 * A hash table with chains.  It is filled while a configuration is read and
 * asked once a request, so entries are single pieces of memory and nothing is
 * ever moved. */

#include "mime.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS 512 /* a power of two; the shipped table has 110 entries */

struct mime_entry {
    struct mime_entry *next;
    size_t extension_len, type_len;
    char text[]; /* the extension, then the type */
};

struct mime_table {
    struct mime_entry *buckets[BUCKETS];
};

/* FNV-1a, over the letters in lower case. */
static unsigned bucket_of(struct span extension)
{
    uint32_t hash = 2166136261u;

    for (size_t i = 0; i < extension.len; i++) {
        hash ^= ascii_lower(extension.ptr[i]);
        hash *= 16777619u;
    }
    return hash & (BUCKETS - 1);
}

struct mime_table *mime_new(void)
{
    return calloc(1, sizeof(struct mime_table));
}

void mime_free(struct mime_table *t)
{
    struct mime_entry *next;

    if (t == NULL)
        return;
    for (int i = 0; i < BUCKETS; i++)
        for (struct mime_entry *e = t->buckets[i]; e != NULL; e = next) {
            next = e->next;
            free(e);
        }
    free(t);
}

/* The newest entry goes to the front of its chain and hides the older ones. */
bool mime_add(struct mime_table *t, struct span extension, struct span type)
{
    struct mime_entry **chain = &t->buckets[bucket_of(extension)];
    struct mime_entry *e = malloc(sizeof *e + extension.len + type.len);

    if (e == NULL)
        return false;
    e->next = *chain;
    e->extension_len = extension.len;
    e->type_len = type.len;
    if (extension.len > 0)
        memcpy(e->text, extension.ptr, extension.len);
    if (type.len > 0)
        memcpy(e->text + extension.len, type.ptr, type.len);
    *chain = e;
    return true;
}

/* What follows the last dot of the last segment.  A dot that begins the name
 * marks a hidden file, as in nginx, and no extension: ".css" has none. */
static struct span extension_of(struct span path)
{
    size_t at = path.len;

    while (at > 0 && path.ptr[at - 1] != '/' && path.ptr[at - 1] != '.')
        at--;
    if (at < 2 || path.ptr[at - 1] != '.' || path.ptr[at - 2] == '/')
        return (struct span){0};
    return span_from(path, at);
}

struct span mime_type(const struct mime_table *t, struct span path,
                      struct span otherwise)
{
    struct span extension = extension_of(path);
    const struct mime_entry *e;

    if (extension.len == 0)
        return otherwise;
    for (e = t->buckets[bucket_of(extension)]; e != NULL; e = e->next) {
        struct span name = {e->text, e->extension_len};

        if (span_eq_nocase(name, extension))
            return (struct span){e->text + e->extension_len, e->type_len};
    }
    return otherwise;
}

/* What nginx 1.22.1 ships, in its order. */
static const struct {
    const char *type, *extensions;
} known[] = {
    {"text/html", "html htm shtml"},
    {"text/css", "css"},
    {"text/xml", "xml"},
    {"image/gif", "gif"},
    {"image/jpeg", "jpeg jpg"},
    {"application/javascript", "js"},
    {"application/atom+xml", "atom"},
    {"application/rss+xml", "rss"},
    {"text/mathml", "mml"},
    {"text/plain", "txt"},
    {"text/vnd.sun.j2me.app-descriptor", "jad"},
    {"text/vnd.wap.wml", "wml"},
    {"text/x-component", "htc"},
    {"image/avif", "avif"},
    {"image/png", "png"},
    {"image/svg+xml", "svg svgz"},
    {"image/tiff", "tif tiff"},
    {"image/vnd.wap.wbmp", "wbmp"},
    {"image/webp", "webp"},
    {"image/x-icon", "ico"},
    {"image/x-jng", "jng"},
    {"image/x-ms-bmp", "bmp"},
    {"font/woff", "woff"},
    {"font/woff2", "woff2"},
    {"application/java-archive", "jar war ear"},
    {"application/json", "json"},
    {"application/mac-binhex40", "hqx"},
    {"application/msword", "doc"},
    {"application/pdf", "pdf"},
    {"application/postscript", "ps eps ai"},
    {"application/rtf", "rtf"},
    {"application/vnd.apple.mpegurl", "m3u8"},
    {"application/vnd.google-earth.kml+xml", "kml"},
    {"application/vnd.google-earth.kmz", "kmz"},
    {"application/vnd.ms-excel", "xls"},
    {"application/vnd.ms-fontobject", "eot"},
    {"application/vnd.ms-powerpoint", "ppt"},
    {"application/vnd.oasis.opendocument.graphics", "odg"},
    {"application/vnd.oasis.opendocument.presentation", "odp"},
    {"application/vnd.oasis.opendocument.spreadsheet", "ods"},
    {"application/vnd.oasis.opendocument.text", "odt"},
    {"application/vnd.openxmlformats-officedocument."
     "presentationml.presentation",
     "pptx"},
    {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
     "xlsx"},
    {"application/vnd.openxmlformats-officedocument.wordprocessingml.document",
     "docx"},
    {"application/vnd.wap.wmlc", "wmlc"},
    {"application/wasm", "wasm"},
    {"application/x-7z-compressed", "7z"},
    {"application/x-cocoa", "cco"},
    {"application/x-java-archive-diff", "jardiff"},
    {"application/x-java-jnlp-file", "jnlp"},
    {"application/x-makeself", "run"},
    {"application/x-perl", "pl pm"},
    {"application/x-pilot", "prc pdb"},
    {"application/x-rar-compressed", "rar"},
    {"application/x-redhat-package-manager", "rpm"},
    {"application/x-sea", "sea"},
    {"application/x-shockwave-flash", "swf"},
    {"application/x-stuffit", "sit"},
    {"application/x-tcl", "tcl tk"},
    {"application/x-x509-ca-cert", "der pem crt"},
    {"application/x-xpinstall", "xpi"},
    {"application/xhtml+xml", "xhtml"},
    {"application/xspf+xml", "xspf"},
    {"application/zip", "zip"},
    {"application/octet-stream", "bin exe dll"},
    {"application/octet-stream", "deb"},
    {"application/octet-stream", "dmg"},
    {"application/octet-stream", "iso img"},
    {"application/octet-stream", "msi msp msm"},
    {"audio/midi", "mid midi kar"},
    {"audio/mpeg", "mp3"},
    {"audio/ogg", "ogg"},
    {"audio/x-m4a", "m4a"},
    {"audio/x-realaudio", "ra"},
    {"video/3gpp", "3gpp 3gp"},
    {"video/mp2t", "ts"},
    {"video/mp4", "mp4"},
    {"video/mpeg", "mpeg mpg"},
    {"video/quicktime", "mov"},
    {"video/webm", "webm"},
    {"video/x-flv", "flv"},
    {"video/x-m4v", "m4v"},
    {"video/x-mng", "mng"},
    {"video/x-ms-asf", "asx asf"},
    {"video/x-ms-wmv", "wmv"},
    {"video/x-msvideo", "avi"},
};

bool mime_add_known(struct mime_table *t)
{
    for (size_t i = 0; i < COUNT(known); i++) {
        struct span rest = span_of(known[i].extensions), extension;

        while (span_next(&rest, ' ', &extension))
            if (!mime_add(t, extension, span_of(known[i].type)))
                return false;
    }
    return true;
}
