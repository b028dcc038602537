/* modules: all that the front can do, in one list; nobody else knows it all.
 *
 * A line taken out is a feature gone, and nothing else; a feature more is a
 * file and a line.  The order matters twice: answers pass the filters in it, so
 * that chunked framing comes last, and handlers of one phase are asked in it.
 */

#include "modules.h"

#define MODULES                                                                \
    MODULE(core)                                                               \
    MODULE(error_log)                                                          \
    MODULE(conversation)                                                       \
    MODULE(site)                                                               \
    MODULE(listen)                                                             \
    MODULE(server_name)                                                        \
    MODULE(location)                                                           \
    MODULE(return)                                                             \
    MODULE(static)                                                             \
    MODULE(redirect)                                                           \
    MODULE(request_variables)                                                  \
    MODULE(connection_variables)                                               \
    MODULE(gzip)                                                               \
    MODULE(headers)                                                            \
    MODULE(access_log)                                                         \
    MODULE(upstream)                                                           \
    MODULE(call)                                                               \
    MODULE(upstream_variables)                                                 \
    MODULE(proxy)                                                              \
    MODULE(uwsgi)                                                              \
    MODULE(accepted)                                                           \
    MODULE(chunked)

#define MODULE(name) extern const struct module name##_module;
MODULES
#undef MODULE

#define MODULE(name) &name##_module,
const struct module *const modules[] = {MODULES NULL};
