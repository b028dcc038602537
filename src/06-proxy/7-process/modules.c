/* modules: the list of what the proxy can do.  A row taken out here is a
 * feature gone, and nothing else. */

#include "modules.h"
#include "accepted.h"
#include "access_log.h"
#include "call.h"
#include "conversation.h"
#include "filters.h"
#include "front_conf.h"
#include "gzip_rules.h"
#include "location.h"
#include "proxy_core.h"
#include "static_settings.h"
#include "group.h"
#include "pass.h"

extern const struct module return_module;

const struct module *const modules[] = {
    &core_module,       &front_module,   &conversation_module,
    &location_module,    &return_module,  &static_module,
    &headers_module,    &gzip_module,    &access_log_module,
    &upstream_module,   &call_module,    &proxy_module,
    &uwsgi_module,      &accepted_module,
    NULL,
};
