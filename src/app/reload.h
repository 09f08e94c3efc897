/* SPDX-License-Identifier: MIT */
/*
 * app/reload.h: from a configuration that may have changed to settings for a server that runs.
 */
#ifndef TIDINGS_APP_RELOAD_H
#define TIDINGS_APP_RELOAD_H

#include "app/keyring.h"
#include "app/settings.h"

/* Reads everything that `source` names again; fetched keys are those of `keyring`. Returns the
 * settings that are to follow `running`, with one user; what differs has been logged. NULL when
 * anything is wrong, which has been logged too: then nothing may change. */
struct settings *reload(const struct config_source *source, const struct settings *running,
                        const struct keyring *keyring, size_t workers);

/* After privileges were dropped: whether everything that `source` names can still be read. What
 * cannot is logged, as a warning. */
void reload_rehearse(const struct config_source *source);

#endif
