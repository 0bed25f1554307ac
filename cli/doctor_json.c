#include "doctor_out.h"
#include "json_out.h"

static const char *const levels[] = {"note", "warning", "problem"};
static const char *const fates[] = {"served", "harmless", "past"};
static const char *const kinds[] = {"nothing", "program", "script", "library", "process"};

static void put_findings(cJSON *to, const struct doctor_report *report)
{
	cJSON *list = json_put(to, "findings", cJSON_CreateArray());
	for (size_t i = 0; i < report->finding_count; i++) {
		const struct doctor_finding *finding = &report->findings[i];
		cJSON *object = json_put(list, NULL, cJSON_CreateObject());
		json_put_text(object, "level", levels[finding->level]);
		json_put_text(object, "id", finding->id);
		json_put_text(object, "subject", finding->subject);
		json_put_text(object, "message", finding->text);
	}
}

static void put_files(cJSON *to, const struct doctor_report *report)
{
	cJSON *list = json_put(to, "files", cJSON_CreateArray());
	for (size_t i = 0; i < report->object_count; i++) {
		const struct doctor_object *object = &report->objects[i];
		cJSON *file = json_put(list, NULL, cJSON_CreateObject());
		json_put_text(file, "file", object->path);
		for (enum io_fate fate = IO_SERVED; fate <= IO_PASSES; fate++) {
			cJSON *names = json_put(file, fates[fate], cJSON_CreateArray());
			for (size_t k = 0; k < object->count; k++)
				if (object->calls[k]->fate == fate)
					json_put_text(names, NULL, object->calls[k]->name);
		}
	}
}

cJSON *doctor_json(const struct doctor_report *report)
{
	size_t counts[3];
	const char *reason;
	cJSON *object = cJSON_CreateObject();
	json_put_text(object, "target", report->name);
	json_put_text(object, "kind", kinds[report->kind]);
	if (doctor_unknown(report))
		json_put_text(object, "served", NULL);
	else
		json_put_bool(object, "served", !doctor_has(report, DOCTOR_PROBLEM));
	json_put_text(object, "program", report->path);
	json_put_text(object, "loader", report->loader);
	if (report->pid != 0)
		json_put_number(object, "pid", (uint64_t)report->pid);
	json_put_text(object, "mode", doctor_recommend(report, &reason));
	json_put_text(object, "mode_reason", reason);
	put_findings(object, report);
	doctor_count(report, counts);
	cJSON *functions = json_put(object, "functions", cJSON_CreateObject());
	for (enum io_fate fate = IO_SERVED; fate <= IO_PASSES; fate++)
		json_put_number(functions, fates[fate], counts[fate]);
	put_files(object, report);
	return object;
}

cJSON *model_check_json(const struct model_check *check)
{
	static const char *const statuses[] = {"ok", "warning", "failed"};
	cJSON *object = cJSON_CreateObject();
	json_put_text(object, "file", check->path);
	json_put_bool(object, "readable", !check->failed);
	cJSON *list = json_put(object, "steps", cJSON_CreateArray());
	for (size_t i = 0; i < check->count; i++) {
		cJSON *step = json_put(list, NULL, cJSON_CreateObject());
		json_put_text(step, "step", check->steps[i].name);
		json_put_text(step, "status", statuses[check->steps[i].status]);
		json_put_text(step, "message", check->steps[i].text);
	}
	return object;
}
