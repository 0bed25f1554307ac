/* Where CRYPTOTENSOR_KEY_JKU and a header's jku point. Pure functions, thread-safe. */
#ifndef CT_KEY_PATH_H
#define CT_KEY_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"

/* The path, at most `room` bytes with its NUL, that `value` names: a plain path, or a file: URL
 * (RFC 8089; its percent escapes are decoded; a relative path may follow "file://"). A leading "~/"
 * stands for `home`, which can be NULL where it is not used. CT_E_KEY: another scheme, a bad
 * escape, no home, too long, empty. */
int ct_key_path(const char *value, const char *home, char *path, size_t room, struct ct_error *err);

/* Which key files a header may name. `list` is CTSHIM_KEY_PATH: directories, separated by ':'. */

/* The next directory of *list, at most `room` bytes with its NUL, and *list behind it; false at the end. Items
 * that are empty, too long or no absolute path are passed over: they name no place. */
bool ct_key_path_next(const char **list, char *directory, size_t room);

/* Does `path` lie below `directory`? Both are absolute and resolved: no links, no "..". */
bool ct_key_path_below(const char *path, const char *directory);

#endif
