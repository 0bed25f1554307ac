/* A policy that becomes part of a model. */
#ifndef CT_POLICY_FILE_H
#define CT_POLICY_FILE_H

#include <stdbool.h>

/* The text of a Rego module, checked to be fit for a header and, unless `unchecked`, to compile; the caller frees it. NULL
 * after telling the person what is wrong. Warns of one that lets nobody load, and of one that other readers will refuse. */
char *policy_file_read(const char *path, bool unchecked);

#endif
