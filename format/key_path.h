/* Where CRYPTOTENSOR_KEY_JKU points. A pure function, thread-safe. */
#ifndef CT_KEY_PATH_H
#define CT_KEY_PATH_H

#include <stddef.h>

#include "error.h"

/* The path, at most `room` bytes with its NUL, that `value` names: a plain path, or a file: URL
 * (RFC 8089; its percent escapes are decoded; a relative path may follow "file://"). A leading "~/"
 * stands for `home`, which can be NULL where it is not used. CT_E_KEY: another scheme, a bad
 * escape, no home, too long, empty. */
int ct_key_path(const char *value, const char *home, char *path, size_t room, struct ct_error *err);

#endif
