/* Looking things up in values and documents, with keys that are known and keys that are tried one after the other. */
#include "eval.h"

/* A place on the way of a reference: a plain value, or a document of which rules may make a part. */
struct place {
	const struct rego_node *node; /* NULL: a plain value */
	const struct rego_value *value; /* of the base document, where there is a node */
	bool base;                    /* value is part of the base document */
};

/* Rules at a node make a plain value of it; so does its end. */
static bool settle(struct rego_eval *eval, struct place *place, bool end)
{
	if (place->node == NULL)
		return place->value != NULL;
	if (rego_is_hidden(eval, place->node)) {
		*place = (struct place){NULL, place->value, true};
		return place->value != NULL;
	}
	if (place->node->kind != REGO_R_NONE) {
		*place = (struct place){NULL, rego_rule_value(eval, place->node), false};
		return place->value != NULL;
	}
	if (end)
		*place = (struct place){NULL, rego_document(eval, place->node, place->value), false};
	return place->node != NULL || place->value != NULL;
}

static struct place step_into(struct rego_eval *eval, struct place place, const struct rego_value *key)
{
	if (place.node == NULL)
		return (struct place){NULL, place.base ? rego_get_base(eval, place.value, key)
						       : rego_get(eval->work, place.value, key), place.base};
	const struct rego_node *child = rego_node_child(eval->work, place.node, key);
	if (child != NULL && child->kind != REGO_R_NONE && !rego_is_hidden(eval, child))
		return (struct place){child, NULL, true};
	return (struct place){child, place.value != NULL ? rego_get_base(eval, place.value, key) : NULL, true};
}

/* Where a step starts, and at which of its items. */
static bool begin(struct rego_eval *eval, struct rego_frame *frame, const struct rego_step *step, struct place *place,
		  size_t *at)
{
	*at = 0;
	if (step->kind == REGO_STEP_LOOKUP) {
		*place = (struct place){NULL, rego_value_of(eval, frame, step->base), false};
	} else if (step->kind == REGO_STEP_INPUT) {
		*place = (struct place){NULL, eval->world->input, false};
	} else if (eval->world->hidden_count > 0) {
		*place = (struct place){eval->program->root, eval->world->data, true};
		return true;
	} else {
		*at = step->known;
		bool rules = step->node->kind != REGO_R_NONE;
		*place = (struct place){step->node, rules ? NULL : rego_base_document(eval, step->node), true};
		return true;
	}
	return place->value != NULL;
}

/* All keys are known. */
const struct rego_value *rego_look_up(struct rego_eval *eval, struct rego_frame *frame, const struct rego_step *step)
{
	struct place place;
	size_t at;
	if (!begin(eval, frame, step, &place, &at))
		return NULL;
	for (; settle(eval, &place, at == step->item_count); at++) {
		if (at == step->item_count)
			return place.value;
		const struct rego_value *key = rego_value_of(eval, frame, step->items[at]);
		if (key == NULL || !rego_spend(eval->work, 1))
			return NULL;
		place = step_into(eval, place, key);
	}
	return NULL;
}

struct journey {
	struct rego_eval *eval;
	struct rego_frame *frame;
	const struct rego_plan *plan;
	size_t plan_at;
	const struct rego_step *step;
	struct rego_collector *collector;
};

static enum rego_flow travel(const struct journey *journey, struct place place, size_t at);

static enum rego_flow try_key(const struct journey *journey, struct place place, size_t at, const struct rego_value *key,
			      struct place next)
{
	if (key == NULL || !rego_spend(journey->eval->work, 1))
		return REGO_FAILED;
	if (!rego_match(journey->eval, journey->frame, journey->step->items[at], key))
		return rego_failed(journey->eval->work) ? REGO_FAILED : REGO_NEXT;
	if (place.node != NULL)
		next = step_into(journey->eval, place, key);
	return rego_failed(journey->eval->work) ? REGO_FAILED : travel(journey, next, at + 1);
}

static enum rego_flow each_member(const struct journey *journey, struct place place, size_t at)
{
	const struct rego_value *value = place.value;
	enum rego_flow flow = REGO_NEXT;
	if (value == NULL || value->type < REGO_ARRAY)
		return REGO_NEXT;
	size_t count = value->type == REGO_OBJECT ? value->object.count : value->list.count;
	for (size_t i = 0; i < count && flow == REGO_NEXT; i++) {
		if (value->type == REGO_OBJECT)
			flow = try_key(journey, place, at, value->object.members[i].key,
				       (struct place){NULL, value->object.members[i].value, place.base});
		else
			flow = try_key(journey, place, at,
				       value->type == REGO_SET ? value->list.items[i]
							       : rego_index(journey->eval, i),
				       (struct place){NULL, value->list.items[i], place.base});
	}
	return flow;
}

/* Documents below a node: those of the base, then those that only rules make. */
static enum rego_flow each_document(const struct journey *journey, struct place place, size_t at)
{
	enum rego_flow flow = each_member(journey, place, at);
	for (size_t i = 0; i < place.node->child_count && flow == REGO_NEXT; i++) {
		const struct rego_value *key = place.node->children[i]->key;
		if (place.value == NULL || rego_get(journey->eval->work, place.value, key) == NULL)
			flow = try_key(journey, place, at, key, place);
	}
	return flow;
}

static enum rego_flow travel(const struct journey *journey, struct place place, size_t at)
{
	struct rego_eval *eval = journey->eval;
	const struct rego_step *step = journey->step;
	if (!rego_descend(eval->work))
		return REGO_FAILED;
	for (; settle(eval, &place, at == step->item_count); at++) {
		if (at == step->item_count) {
			if (!rego_match(eval, journey->frame, step->out, place.value))
				break;
			return rego_run(eval, journey->frame, journey->plan, journey->plan_at + 1, journey->collector);
		}
		if (step->items[at]->binds)
			return place.node != NULL ? each_document(journey, place, at) : each_member(journey, place, at);
		const struct rego_value *key = rego_value_of(eval, journey->frame, step->items[at]);
		if (key == NULL || !rego_spend(eval->work, 1))
			return REGO_FAILED;
		place = step_into(eval, place, key);
	}
	return rego_failed(eval->work) ? REGO_FAILED : REGO_NEXT;
}

/* A builtin that gives an array of results, each of which is one. */
static enum rego_flow iterate_relation(const struct journey *journey)
{
	struct rego_eval *eval = journey->eval;
	const struct rego_value *results = rego_call_step(eval, journey->frame, journey->step);
	enum rego_flow flow = REGO_NEXT;
	if (rego_failed(eval->work))
		return REGO_FAILED;
	bool many = results != NULL && results->type == REGO_ARRAY;
	for (size_t i = 0; many && i < results->list.count && flow == REGO_NEXT; i++) {
		if (!rego_spend(eval->work, 1))
			return REGO_FAILED;
		if (rego_match(eval, journey->frame, journey->step->out, results->list.items[i]))
			flow = rego_run(eval, journey->frame, journey->plan, journey->plan_at + 1, journey->collector);
		else if (rego_failed(eval->work))
			flow = REGO_FAILED;
	}
	return flow;
}

enum rego_flow rego_iterate(struct rego_eval *eval, struct rego_frame *frame, const struct rego_plan *plan, size_t at,
			    struct rego_collector *collector)
{
	const struct rego_step *step = plan->steps[at];
	struct journey journey = {eval, frame, plan, at, step, collector};
	struct place place;
	size_t item;
	if (step->kind == REGO_STEP_WITH)
		return rego_with_step(eval, frame, plan, at, collector);
	if (step->kind == REGO_STEP_BUILTIN)
		return iterate_relation(&journey);
	if (!begin(eval, frame, step, &place, &item))
		return rego_failed(eval->work) ? REGO_FAILED : REGO_NEXT;
	return travel(&journey, place, item);
}
