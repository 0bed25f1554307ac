#include <stdio.h>

#include "json_out.h"
#include "stats.h"

static const char *const names[] = {
#define STAT(name, json) #json,
#include "../preload/stats.def"
#undef STAT
};

static cJSON *model_json(const struct stats_model *model)
{
	cJSON *object = cJSON_CreateObject();
	json_put_text(object, "file", model->path);
	json_put_bool(object, "open", model->open);
	json_put_number(object, "size", model->size);
	json_put_number(object, "encrypted_bytes", model->sealed);
	json_put_number(object, "decrypted_bytes", stats_decrypted_bytes(model));
	json_put_number(object, "decrypted_messages", stats_decrypted_messages(model));
	for (size_t i = 0; i < SHIM_STATS; i++)
		json_put_number(object, names[i], model->counts[i]);
	return object;
}

int stats_json(const struct stats_list *list)
{
	cJSON *root = cJSON_CreateObject(), *processes = json_put(root, "processes", cJSON_CreateArray());
	for (size_t i = 0; i < list->count; i++) {
		const struct stats_process *process = &list->processes[i];
		cJSON *object = json_put(processes, NULL, cJSON_CreateObject());
		if (process->pid > 0)
			json_put_number(object, "pid", (uint64_t)process->pid);
		else
			json_put(object, "pid", cJSON_CreateNull());
		json_put_number(object, "own_pid", (uint64_t)process->own_pid);
		json_put_text(object, "program", process->name[0] != '\0' ? process->name : NULL);
		json_put_number(object, "since", process->began);
		cJSON *models = json_put(object, "models", cJSON_CreateArray());
		for (size_t m = 0; m < process->count; m++)
			json_put(models, NULL, model_json(&process->models[m]));
	}
	int status = json_print(root, true);
	putchar('\n');
	cJSON_Delete(root);
	return status;
}
