/* What a policy sees of the process, the machine and the libraries: parts of `input`. docs/policy.md describes each
 * member; one that cannot be found out is left out, so that it is undefined.
 *
 * Nothing here takes a lock, calls libc's resolver or databases, or opens a file through the hooks. */
#ifndef SHIM_POLICY_FIELDS_H
#define SHIM_POLICY_FIELDS_H

#include "buffer.h"
#include "crypto.h"

/* What costs something, and is collected where a policy's text speaks of it. */
enum shim_wanted {
	SHIM_WANT_HASH = 1 << 0,
	SHIM_WANT_FRAMEWORK = 1 << 1,
	SHIM_WANT_ADDRESSES = 1 << 2,
	SHIM_WANT_METADATA = 1 << 3,
	SHIM_WANT_CONTAINER = 1 << 4,
	SHIM_WANT_USER = 1 << 5,
	SHIM_WANT_ALL = (1 << 6) - 1,
};

/* Members "process" and "host". */
void shim_put_process(struct ct_buffer *json, unsigned wanted, const struct ct_crypto *crypto);
void shim_put_host(struct ct_buffer *json, unsigned wanted);

/* Members "framework", "framework_version" and "frameworks". */
void shim_put_framework(struct ct_buffer *json);

/* Parts of "process" and "host": members "cgroup" and "container"; "addresses". */
void shim_put_container(struct ct_buffer *json);
void shim_put_addresses(struct ct_buffer *json);

#endif
