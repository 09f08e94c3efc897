/* SPDX-License-Identifier: MIT */
/*
 * dialect/dialect_priv.h: the dialects there are, one file each.
 */
#ifndef TIDINGS_DIALECT_DIALECT_PRIV_H
#define TIDINGS_DIALECT_DIALECT_PRIV_H

#include "dialect/dialect.h"

extern const struct dialect dialect_huleedu;

#endif
