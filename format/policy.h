/* The access policy of a file. This is the one place that decides whether a policy allows loading;
 * an engine takes the place of the check for the default module here. Thread-safe. */
#ifndef CT_POLICY_H
#define CT_POLICY_H

#include "error.h"

/* The module that files carry when nobody asked for another one. */
#define CT_POLICY_DEFAULT "package model\nallow = true"

/* 0 when `module` (Rego, NUL-terminated) allows loading; CT_E_POLICY when it does not. Today the
 * default module allows, white space and comments aside, and anything else is denied. */
int ct_policy_check(const char *module, struct ct_error *err);

#endif
