/* Documents: what data holds and what rules make, together. */
#include "eval.h"

#include <string.h>

bool rego_is_hidden(const struct rego_eval *eval, const struct rego_node *node)
{
	for (size_t i = 0; i < eval->world->hidden_count; i++)
		if (eval->world->hidden[i] == node)
			return true;
	return false;
}

const struct rego_value *rego_get_base(struct rego_eval *eval, const struct rego_value *base, const struct rego_value *key)
{
	const struct rego_value *value = rego_get(eval->work, base, key);
	if (value != NULL || key->type != REGO_NUMBER || base->type != REGO_OBJECT || rego_failed(eval->work))
		return value;
	size_t len;
	const char *text = rego_number_text(eval->work, &key->number, &len);
	const struct rego_value *name = text != NULL ? rego_string_take(eval->work, text, len) : NULL;
	return name != NULL ? rego_get(eval->work, base, name) : NULL;
}

const struct rego_value *rego_base_document(struct rego_eval *eval, const struct rego_node *node)
{
	if (node->parent == NULL)
		return eval->world->data;
	if (!rego_descend(eval->work))
		return NULL;
	const struct rego_value *base = rego_base_document(eval, node->parent);
	return base != NULL ? rego_get_base(eval, base, node->key) : NULL;
}

/* Objects together, member by member; otherwise the base counts. */
static const struct rego_value *merge(struct rego_eval *eval, const struct rego_value *base, const struct rego_value *rules)
{
	if (base->type != REGO_OBJECT || rules->type != REGO_OBJECT)
		return base;
	if (!rego_descend(eval->work) || !rego_spend(eval->work, 1 + base->object.count / 8))
		return NULL;
	size_t count = base->object.count, used = count;
	struct rego_member *members = rego_alloc_array(eval->work, count + rules->object.count, sizeof *members);
	if (members == NULL)
		return NULL;
	if (count > 0)
		memcpy(members, base->object.members, count * sizeof *members);
	for (size_t i = 0; i < rules->object.count; i++) {
		struct rego_member member = rules->object.members[i];
		const struct rego_value *old = rego_get(eval->work, base, member.key);
		if (old != NULL && (member.value = merge(eval, old, member.value)) == NULL)
			return NULL;
		members[used++] = member; /* of doubled keys the last counts */
	}
	return rego_failed(eval->work) ? NULL : rego_object(eval->work, members, used);
}

static bool is_function(const struct rego_node *node)
{
	return node->kind == REGO_R_FUNCTION;
}

const struct rego_value *rego_document(struct rego_eval *eval, const struct rego_node *node, const struct rego_value *base)
{
	if (!rego_descend(eval->work) || !rego_spend(eval->work, 1))
		return NULL;
	if (rego_is_hidden(eval, node))
		return base;
	if (node->kind != REGO_R_NONE)
		return rego_rule_value(eval, node);
	if (base != NULL && (base->type != REGO_OBJECT || node->child_count == 0) && node->parent != NULL)
		return base;
	struct rego_member *members = rego_alloc_array(eval->work, node->child_count, sizeof *members);
	size_t used = 0;
	for (size_t i = 0; i < node->child_count && members != NULL; i++) {
		const struct rego_node *child = node->children[i];
		const struct rego_value *below = base != NULL ? rego_get_base(eval, base, child->key) : NULL;
		const struct rego_value *value = is_function(child) ? NULL : rego_document(eval, child, below);
		if (rego_failed(eval->work))
			return NULL;
		if (value != NULL)
			members[used++] = (struct rego_member){child->key, value};
	}
	const struct rego_value *rules = members != NULL ? rego_object(eval->work, members, used) : NULL;
	return rules != NULL && base != NULL ? merge(eval, base, rules) : rules;
}
