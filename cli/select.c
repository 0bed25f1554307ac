#include "select.h"

#include <fnmatch.h>
#include <stdlib.h>

static bool matches(const char *pattern, const char *tensor)
{
	return fnmatch(pattern, tensor, 0) == 0;
}

static bool matches_any(const struct text_list *list, const char *tensor)
{
	for (size_t i = 0; i < list->count; i++)
		if (matches(list->items[i], tensor))
			return true;
	return false;
}

bool selection_takes(void *context, const char *tensor)
{
	const struct selection *selection = context;
	return (selection->wanted.count == 0 || matches_any(&selection->wanted, tensor))
	       && !matches_any(&selection->unwanted, tensor);
}

static const char *pattern(const struct selection *selection, size_t i)
{
	size_t wanted = selection->wanted.count;
	return i < wanted ? selection->wanted.items[i] : selection->unwanted.items[i - wanted];
}

int selection_note(struct selection *selection, const struct ct_header *header, struct ct_error *err)
{
	size_t patterns = selection->wanted.count + selection->unwanted.count;
	if (selection->met == NULL)
		selection->met = calloc(patterns + 1, sizeof *selection->met);
	if (selection->met == NULL)
		return ct_fail_nomem(err);
	for (size_t t = 0; t < header->count; t++) {
		const char *name = header->tensors[t].name;
		for (size_t i = 0; i < patterns; i++)
			if (!selection->met[i])
				selection->met[i] = matches(pattern(selection, i), name);
		selection->taken += selection_takes(selection, name);
	}
	selection->tensors += header->count;
	return 0;
}

int selection_check(const struct selection *selection, struct ct_error *err)
{
	size_t wanted = selection->wanted.count, patterns = wanted + selection->unwanted.count;
	for (size_t i = 0; i < patterns; i++)
		if (!selection->met[i])
			return ct_fail(err, CT_E_ARGUMENT,
				       "no tensor matches %s '%.200s': see ctshim inspect for the names",
				       i < wanted ? "--tensors" : "--exclude", pattern(selection, i));
	if (selection->taken == 0 && selection->tensors > 0)
		return ct_fail(err, CT_E_ARGUMENT, "--tensors and --exclude leave nothing to encrypt");
	return 0;
}

void selection_free(struct selection *selection)
{
	free(selection->wanted.items);
	free(selection->unwanted.items);
	free(selection->met);
	*selection = (struct selection){0};
}
