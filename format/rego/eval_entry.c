/* Objects that rules with variables in their references make: p.q[x].r := y, p[x] contains y. */
#include "eval.h"
#include "sort.h"

#include <string.h>

static bool append(struct rego_eval *eval, struct rego_collector *collector, struct rego_entry entry)
{
	if (collector->count == collector->capacity) {
		size_t size = collector->capacity * sizeof *collector->entries;
		collector->capacity = collector->capacity == 0 ? 4 : collector->capacity * 2;
		collector->entries = rego_grow(eval->work, collector->entries, size,
					       collector->capacity * sizeof *collector->entries);
	}
	if (collector->entries == NULL || rego_failed(eval->work))
		return false;
	collector->entries[collector->count++] = entry;
	return true;
}

bool rego_add_entry(struct rego_eval *eval, struct rego_frame *frame, const struct rego_plan *plan,
		    struct rego_collector *collector)
{
	size_t count = collector->prefix_count + plan->path_count;
	struct rego_entry entry = {.count = count, .member = frame->clause->rule->contains};
	entry.path = rego_alloc_array(eval->work, count, sizeof(struct rego_value *));
	if (entry.path == NULL)
		return false;
	if (collector->prefix_count > 0)
		memcpy(entry.path, collector->prefix, collector->prefix_count * sizeof(struct rego_value *));
	for (size_t i = 0; i < plan->path_count; i++) {
		entry.path[collector->prefix_count + i] = rego_value_of(eval, frame, plan->path[i]);
		if (entry.path[collector->prefix_count + i] == NULL)
			return false;
	}
	entry.value = rego_value_of(eval, frame, plan->value);
	return entry.value != NULL && append(eval, collector, entry);
}

static bool add_below(struct rego_eval *eval, const struct rego_node *node, struct rego_collector *collector);

static bool add_set(struct rego_eval *eval, const struct rego_value *set, struct rego_collector *collector)
{
	for (size_t i = 0; i < set->list.count; i++)
		if (!append(eval, collector, (struct rego_entry){collector->prefix, collector->prefix_count,
								 set->list.items[i], true}))
			return false;
	return true;
}

/* What the rules at a node below the first one add. */
static bool add_rules(struct rego_eval *eval, const struct rego_node *node, struct rego_collector *collector)
{
	if (node->kind == REGO_R_OBJECT) {
		for (const struct rego_clause *clause = node->clauses; clause != NULL; clause = clause->next)
			if (!rego_run_clause(eval, clause, NULL, collector))
				return false;
		return true;
	}
	if (node->kind == REGO_R_NONE || node->kind == REGO_R_FUNCTION)
		return true;
	const struct rego_value *value = rego_rule_value(eval, node);
	if (value == NULL)
		return !rego_failed(eval->work);
	if (node->kind == REGO_R_SET)
		return add_set(eval, value, collector);
	return append(eval, collector, (struct rego_entry){collector->prefix, collector->prefix_count, value, false});
}

static bool add_below(struct rego_eval *eval, const struct rego_node *node, struct rego_collector *collector)
{
	if (!rego_descend(eval->work))
		return false;
	const struct rego_value **prefix = collector->prefix;
	size_t count = collector->prefix_count;
	if (!add_rules(eval, node, collector))
		return false;
	for (size_t i = 0; i < node->child_count; i++) {
		const struct rego_value **longer = rego_alloc_array(eval->work, count + 1, sizeof(struct rego_value *));
		if (longer == NULL)
			return false;
		if (count > 0)
			memcpy(longer, prefix, count * sizeof(struct rego_value *));
		longer[count] = node->children[i]->key;
		collector->prefix = longer;
		collector->prefix_count = count + 1;
		if (!add_below(eval, node->children[i], collector))
			return false;
	}
	collector->prefix = prefix;
	collector->prefix_count = count;
	return true;
}

static const struct rego_value *conflict(struct rego_eval *eval)
{
	rego_fail(eval->work, REGO_CONFLICT, "object keys must be unique");
	return NULL;
}

/* Entries that all end here. */
static const struct rego_value *leaf(struct rego_eval *eval, struct rego_entry *const *entries, size_t count)
{
	if (entries[0]->member) {
		const struct rego_value **items = rego_alloc_array(eval->work, count, sizeof(struct rego_value *));
		for (size_t i = 0; i < count && items != NULL; i++) {
			if (!entries[i]->member)
				return conflict(eval);
			items[i] = entries[i]->value;
		}
		return items != NULL ? rego_set(eval->work, items, count) : NULL;
	}
	for (size_t i = 1; i < count; i++)
		if (entries[i]->member || !rego_equal(eval->work, entries[0]->value, entries[i]->value))
			return rego_failed(eval->work) ? NULL : conflict(eval);
	return entries[0]->value;
}

static const struct rego_value *build(struct rego_eval *eval, struct rego_entry **entries, size_t count, size_t depth)
{
	struct rego_work *work = eval->work;
	if (!rego_descend(work) || !rego_spend(work, count))
		return NULL;
	size_t ended = 0;
	for (size_t i = 0; i < count; i++)
		ended += entries[i]->count == depth;
	if (ended > 0)
		return ended == count ? leaf(eval, entries, count) : conflict(eval);
	const struct rego_value **keys = rego_alloc_array(work, 2 * count, sizeof(struct rego_value *));
	struct rego_member *members = rego_alloc_array(work, count, sizeof *members);
	if (keys == NULL || members == NULL)
		return NULL;
	/* Pairs of a key and its entry, to be sorted by the key. */
	for (size_t i = 0; i < count; i++) {
		keys[2 * i] = entries[i]->path[depth];
		keys[2 * i + 1] = (const void *)entries[i];
	}
	if (!rego_sort(work, keys, count, 2))
		return NULL;
	for (size_t i = 0; i < count; i++)
		entries[i] = (struct rego_entry *)(uintptr_t)keys[2 * i + 1];
	size_t used = 0;
	for (size_t from = 0, to; from < count; from = to) {
		for (to = from + 1; to < count && rego_equal(work, keys[2 * from], keys[2 * to]);)
			to++;
		members[used].key = keys[2 * from];
		members[used].value = build(eval, entries + from, to - from, depth + 1);
		if (members[used++].value == NULL)
			return NULL;
	}
	return rego_object(work, members, used);
}

const struct rego_value *rego_entries_of(struct rego_eval *eval, const struct rego_node *node)
{
	struct rego_collector collector = {.value = NULL};
	if (!add_below(eval, node, &collector))
		return NULL;
	struct rego_entry **entries = rego_alloc_array(eval->work, collector.count, sizeof(struct rego_entry *));
	for (size_t i = 0; i < collector.count && entries != NULL; i++)
		entries[i] = &collector.entries[i];
	if (entries == NULL)
		return NULL;
	return collector.count > 0 ? build(eval, entries, collector.count, 0) : &rego_empty_object;
}
