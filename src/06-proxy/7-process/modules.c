/* modules: the list of what the proxy can do.  A row taken out here is a
 * feature gone, and nothing else.  Handlers of one phase are asked in its order,
 * and answers pass the filters in its order: chunked is the last. */

#include "modules.h"
#include "accepted.h"
#include "call.h"
#include "chunked.h"
#include "conversation.h"
#include "error_log.h"
#include "front_conf.h"
#include "group.h"
#include "location.h"
#include "pass.h"
#include "proxy_core.h"
#include "redirect.h"
#include "static_settings.h"

/* Nobody else knows the features by name. */
extern const struct module access_log_module, gzip_module, headers_module,
    return_module;

const struct module *const modules[] = {
    &core_module,
    &error_log_module,
    &front_module,
    &conversation_module,
    &location_module,
    &return_module,
    &static_module,
    &redirect_module,
    &gzip_module,
    &headers_module,
    &access_log_module,
    &upstream_module,
    &call_module,
    &proxy_module,
    &uwsgi_module,
    &accepted_module,
    &chunked_module,
    NULL,
};
