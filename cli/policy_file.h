/* A policy that becomes part of a model. */
#ifndef CT_POLICY_FILE_H
#define CT_POLICY_FILE_H

/* The text of a Rego module, checked to be fit for a header; the caller frees it. NULL after telling the
 * person what is wrong. Warns of a policy that this version would not let load. */
char *policy_file_read(const char *path);

#endif
