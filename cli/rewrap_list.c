#include "rewrap_list.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_out.h"
#include "say.h"

struct rewrap_item *rewrap_list_add(struct rewrap_list *list, const char *path, dev_t device, ino_t inode)
{
	struct rewrap_item *grown = reallocarray(list->items, list->count + 1, sizeof *grown);
	char *copy = strdup(path);
	if (grown != NULL)
		list->items = grown;
	if (grown == NULL || copy == NULL) {
		free(copy);
		complainf("out of memory");
		return NULL;
	}
	struct rewrap_item *item = &list->items[list->count++];
	*item = (struct rewrap_item){.path = copy, .device = device, .inode = inode};
	return item;
}

bool rewrap_list_has(const struct rewrap_list *list, dev_t device, ino_t inode)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].device == device && list->items[i].inode == inode)
			return true;
	return false;
}

static int copy_name(struct ct_key_name *to, const struct ct_key_name *from)
{
	free(to->kid);
	free(to->jku);
	*to = (struct ct_key_name){
		.kid = from->kid != NULL ? strdup(from->kid) : NULL,
		.jku = from->jku != NULL ? strdup(from->jku) : NULL,
	};
	return (from->kid != NULL && to->kid == NULL) || (from->jku != NULL && to->jku == NULL) ? -1 : 0;
}

int rewrap_item_note(struct rewrap_item *item, const struct ct_model *model, const struct ct_rewrap *rewrap,
		     struct ct_error *err)
{
	if (copy_name(&item->master_from, &model->manifest.master) < 0
	    || copy_name(&item->signer_from, &model->manifest.signer) < 0
	    || copy_name(&item->master_to, &rewrap->master) < 0
	    || copy_name(&item->signer_to, &rewrap->signer) < 0)
		return ct_fail_nomem(err);
	item->header = rewrap->head.len;
	item->spare = rewrap->spare;
	item->size = model->file_size;
	return 0;
}

static void say_key(const char *what, const struct ct_key_name *from, const struct ct_key_name *to)
{
	printf("%s ", what);
	put_safe(stdout, from->kid != NULL ? from->kid : "(no kid)");
	fputs(" -> ", stdout);
	put_safe(stdout, to->kid != NULL ? to->kid : "(no kid)");
	fputs(", ", stdout);
}

static void say_change(const struct rewrap_list *list, const struct rewrap_item *item)
{
	char size[SIZE_TEXT], spare[SIZE_TEXT];
	bool in_place = item->action == REWRAP_IN_PLACE;
	if (!item->written)
		fputs("would be ", stdout);
	printf("rewrapped%s: ", in_place ? " in place" : " into a new file");
	say_key("master key", &item->master_from, &item->master_to);
	say_key("signer", &item->signer_from, &item->signer_to);
	printf("policy %s, ", list->policy ? "replaced" : "kept");
	if (in_place)
		printf("%s written, %s to spare\n", size_text(item->header, size),
		       size_text(item->spare, spare));
	else
		printf("%s written\n", size_text(item->size, size));
}

void rewrap_list_say(const struct rewrap_list *list, const struct rewrap_item *item)
{
	put_safe(stdout, item->path);
	fputs(": ", stdout);
	if (item->unfinished)
		fputs(item->written || item->action == REWRAP_CURRENT ? "an interrupted rewrap was finished; "
								      : "an interrupted rewrap is to be finished; ",
		      stdout);
	switch (item->action) {
	case REWRAP_FAILED:
		put_safe(stdout, item->why.message);
		putchar('\n');
		break;
	case REWRAP_PLAIN:
		puts("plain: not encrypted");
		break;
	case REWRAP_CURRENT:
		puts("has the new keys already");
		break;
	case REWRAP_IN_PLACE:
	case REWRAP_COPY:
		say_change(list, item);
		break;
	}
	fflush(stdout);
}

static void put_key(cJSON *object, const char *which, const struct ct_key_name *from,
		    const struct ct_key_name *to)
{
	cJSON *key = json_put(object, which, cJSON_CreateObject());
	json_put_text(key, "from", from->kid);
	json_put_text(key, "to", to->kid);
}

void rewrap_list_json(const struct rewrap_list *list)
{
	static const char *const actions[] = {"failed", "plain", "current", "in-place", "copy"};
	cJSON *array = cJSON_CreateArray();
	for (size_t i = 0; i < list->count; i++) {
		const struct rewrap_item *item = &list->items[i];
		cJSON *object = json_put(array, NULL, cJSON_CreateObject());
		json_put_text(object, "file", item->path);
		json_put_text(object, "action", actions[item->action]);
		json_put_bool(object, "done", item->written);
		json_put_bool(object, "unfinished", item->unfinished);
		if (item->action == REWRAP_FAILED)
			json_put_text(object, "message", item->why.message);
		if (item->action != REWRAP_IN_PLACE && item->action != REWRAP_COPY)
			continue;
		put_key(object, "master", &item->master_from, &item->master_to);
		put_key(object, "signer", &item->signer_from, &item->signer_to);
		json_put_text(object, "policy", list->policy ? "replaced" : "kept");
		json_put_number(object, "header", item->header);
		json_put_number(object, "spare", item->spare);
	}
	json_print(array, true);
	putchar('\n');
	cJSON_Delete(array);
}

void rewrap_list_free(struct rewrap_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct rewrap_item *item = &list->items[i];
		struct ct_key_name *names[] = {&item->master_from, &item->signer_from, &item->master_to,
					       &item->signer_to};
		for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
			free(names[n]->kid);
			free(names[n]->jku);
		}
		free(item->path);
	}
	free(list->items);
	*list = (struct rewrap_list){0};
}
