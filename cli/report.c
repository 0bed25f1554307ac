#include "report.h"

#include <stdio.h>
#include <stdlib.h>

#include "json_out.h"
#include "say.h"

static const char *fault(enum ct_code code)
{
	switch (code) {
	case CT_E_KEY:
		return "key";
	case CT_E_SIGNATURE:
		return "signature";
	case CT_E_POLICY:
		return "policy";
	case CT_E_AUTH:
		return "tag";
	case CT_E_FORMAT:
		return "format";
	case CT_E_IO:
		return "io";
	case CT_OK:
	case CT_E_NOMEM:
	case CT_E_ARGUMENT:
	case CT_E_CRYPTO:
	case CT_E_STOPPED:
		break;
	}
	return "other";
}

static void put_text(const struct report_line *line)
{
	char size[SIZE_TEXT];
	put_safe(stdout, line->file);
	if (line->err != NULL) {
		fputs(": ", stdout);
		put_safe(stdout, line->err->message);
		putchar('\n');
	} else if (!line->encrypted) {
		puts(": plain: not encrypted");
	} else {
		printf(": ok: %zu of %zu tensor%s encrypted, version %d, %s, %s\n", line->sealed,
		       line->tensors, line->tensors == 1 ? "" : "s", line->version,
		       ct_cipher_name(line->cipher), size_text(line->bytes, size));
	}
}

static void put_json(struct report *report, const struct report_line *line)
{
	cJSON *object = cJSON_CreateObject();
	json_put_text(object, "file", line->file);
	json_put_text(object, "status", line->err != NULL ? "failed" : line->encrypted ? "ok" : "plain");
	if (line->err != NULL) {
		json_put_text(object, "fault", fault(line->err->code));
		json_put_text(object, "message", line->err->message);
	} else if (line->encrypted) {
		json_put_number(object, "version", (uint64_t)line->version);
		json_put_text(object, "cipher", ct_cipher_name(line->cipher));
		json_put_number(object, "tensors", line->tensors);
		json_put_number(object, "encrypted", line->sealed);
		json_put_number(object, "bytes", line->bytes);
	}
	fputs(report->count == 0 ? "[\n" : ",\n", stdout);
	json_print(object, false);
	cJSON_Delete(object);
}

void report_put(struct report *report, const struct report_line *line)
{
	if (report->json)
		put_json(report, line);
	else
		put_text(line);
	report->count++;
	fflush(stdout);
}

int report_end(struct report *report, int status)
{
	if (report->json)
		puts(report->count == 0 ? "[]" : "\n]");
	return finish_stdout(status);
}
