/* The machine. */
#include <string.h>
#include <sys/utsname.h>

#include "json_put.h"
#include "policy_fields.h"
#include "raw.h"
#include "whole_file.h"

static void put_machine_id(struct ct_buffer *json)
{
	struct ct_buffer text = {0};
	if (shim_file_slurp("/etc/machine-id", 4096, &text) == 0 && strcspn(text.data, "\n") > 0)
		shim_json_bytes(json, "machine_id", text.data, strcspn(text.data, "\n"));
	ct_buffer_free(&text);
}

void shim_put_host(struct ct_buffer *json, unsigned wanted)
{
	struct utsname name;
	shim_json_begin(json, "host", '{');
	if (SHIM_RAW(SYS_uname, &name, 0, 0, 0, 0, 0) == 0) {
		shim_json_text(json, "name", name.nodename);
		shim_json_text(json, "kernel", name.release);
		shim_json_text(json, "arch", name.machine);
	}
	put_machine_id(json);
	if ((wanted & SHIM_WANT_ADDRESSES) != 0)
		shim_put_addresses(json);
	shim_json_end(json, '}');
}
