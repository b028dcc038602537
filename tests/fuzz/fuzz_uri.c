/* fuzz_uri: a normalised path begins with "/", has no dot segments, is no
 * longer than what came, and stays what it is when normalised again. */

#include <stdlib.h>
#include <string.h>

#include "uri.h"

static void require(int good)
{
    if (!good)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *raw = malloc(size + 1), *out = malloc(size + 1);
    long n;

    raw[0] = '/';
    memcpy(raw + 1, data, size);
    n = uri_normalise(out, (struct span){raw, size + 1}, true);
    if (n >= 0) {
        require(n >= 1 && (size_t)n <= size + 1 && out[0] == '/');
        require(!memchr(out, '\0', n));
        require(!memmem(out, n, "/../", 4) && !memmem(out, n, "/./", 3));
        require(!memmem(out, n, "//", 2));
        require(n < 3 || memcmp(out + n - 3, "/..", 3) != 0);
    }
    free(raw);
    free(out);
    return 0;
}
