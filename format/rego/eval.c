/* Plans run here. */
#include "eval.h"

#include <stdio.h>
#include <string.h>

enum rego_flow rego_failed_at(struct rego_eval *eval, const struct rego_frame *frame, struct rego_place place)
{
	struct rego_error *error = eval->work->error;
	if (error->code != REGO_OK && error->line == 0) {
		error->line = place.line;
		error->column = place.column;
		if (frame->clause->rule != NULL)
			snprintf(error->file, sizeof error->file, "%s", frame->clause->rule->module->file);
	}
	return REGO_FAILED;
}

static enum rego_flow run_not(struct rego_eval *eval, struct rego_frame *frame, const struct rego_step *step)
{
	struct rego_collector collector = {0};
	if (rego_run(eval, frame, step->block, 0, &collector) == REGO_FAILED)
		return REGO_FAILED;
	return collector.found ? REGO_NEXT : REGO_ENOUGH;
}

static size_t length_of(const struct rego_value *value)
{
	return value->type == REGO_OBJECT ? value->object.count : value->list.count;
}

static enum rego_flow run_every(struct rego_eval *eval, struct rego_frame *frame, const struct rego_step *step)
{
	const struct rego_value *domain = rego_value_of(eval, frame, step->base);
	if (domain == NULL)
		return REGO_FAILED;
	if (domain->type < REGO_ARRAY)
		return REGO_NEXT;
	for (size_t i = 0; i < length_of(domain); i++) {
		const struct rego_value *key = domain->type == REGO_OBJECT ? domain->object.members[i].key
					       : domain->type == REGO_SET  ? domain->list.items[i]
									   : rego_index(eval, i);
		const struct rego_value *value = domain->type == REGO_OBJECT ? domain->object.members[i].value
									     : domain->list.items[i];
		struct rego_collector collector = {0};
		if (key == NULL || !rego_spend(eval->work, 1))
			return REGO_FAILED;
		frame->slots[step->key->slot] = key;
		frame->slots[step->out->slot] = value;
		if (rego_run(eval, frame, step->block, 0, &collector) == REGO_FAILED)
			return REGO_FAILED;
		if (!collector.found)
			return REGO_NEXT;
	}
	return REGO_ENOUGH;
}

static enum rego_flow outcome(struct rego_eval *eval, bool good)
{
	return rego_failed(eval->work) ? REGO_FAILED : good ? REGO_ENOUGH : REGO_NEXT;
}

/* A step with one solution at most: REGO_ENOUGH where it has one. */
static enum rego_flow run_step(struct rego_eval *eval, struct rego_frame *frame, const struct rego_step *step)
{
	const struct rego_value *value;
	switch (step->kind) {
	case REGO_STEP_TEST:
		value = rego_value_of(eval, frame, step->base);
		return outcome(eval, value != NULL && (value->type != REGO_BOOLEAN || value->boolean));
	case REGO_STEP_UNIFY:
		value = rego_value_of(eval, frame, step->base);
		break;
	case REGO_STEP_BUILTIN:
	case REGO_STEP_FUNCTION:
		value = rego_call_step(eval, frame, step);
		break;
	case REGO_STEP_TEMPLATE:
		value = rego_template_step(eval, frame, step);
		break;
	case REGO_STEP_NOT:
		return run_not(eval, frame, step);
	case REGO_STEP_EVERY:
		return run_every(eval, frame, step);
	default:
		value = rego_look_up(eval, frame, step);
	}
	return outcome(eval, value != NULL && !rego_failed(eval->work) && rego_match(eval, frame, step->out, value));
}

static enum rego_flow add_value(struct rego_eval *eval, struct rego_frame *frame, const struct rego_plan *plan,
				struct rego_collector *collector)
{
	const struct rego_value *value = rego_value_of(eval, frame, plan->value);
	if (value == NULL)
		return REGO_FAILED;
	collector->found = true;
	if (collector->value == NULL || rego_equal(eval->work, collector->value, value)) {
		collector->value = collector->value == NULL ? value : collector->value;
		return rego_failed(eval->work) ? REGO_FAILED : plan->constant ? REGO_ENOUGH : REGO_NEXT;
	}
	rego_fail(eval->work, REGO_CONFLICT, "%s", frame->clause->rule->function
							  ? "functions must not produce multiple outputs for same inputs"
							  : "complete rules must not produce multiple outputs");
	return rego_failed_at(eval, frame, frame->clause->rule->place);
}

static enum rego_flow add_pair(struct rego_eval *eval, struct rego_frame *frame, const struct rego_plan *plan,
			       struct rego_collector *collector)
{
	if (collector->count == collector->capacity) {
		size_t size = collector->capacity * sizeof *collector->members;
		collector->capacity = collector->capacity == 0 ? 4 : collector->capacity * 2;
		collector->members = rego_grow(eval->work, collector->members, size,
					       collector->capacity * sizeof *collector->members);
	}
	if (collector->members == NULL)
		return REGO_FAILED;
	const struct rego_value *key = rego_value_of(eval, frame, plan->key);
	const struct rego_value *value = key != NULL ? rego_value_of(eval, frame, plan->value) : NULL;
	if (value == NULL)
		return REGO_FAILED;
	collector->members[collector->count++] = (struct rego_member){key, value};
	return REGO_NEXT;
}

static enum rego_flow add_row(struct rego_eval *eval, struct rego_frame *frame, const struct rego_plan *plan,
			      struct rego_collector *collector)
{
	struct rego_row *row = rego_alloc(eval->work, sizeof *row);
	size_t slots = frame->clause->slots;
	if (row == NULL)
		return REGO_FAILED;
	row->slots = rego_alloc_array(eval->work, slots, sizeof(struct rego_value *));
	row->values = rego_alloc_array(eval->work, plan->path_count, sizeof(struct rego_value *));
	if (row->slots == NULL || row->values == NULL)
		return REGO_FAILED;
	if (slots > 0)
		memcpy(row->slots, frame->slots, slots * sizeof(struct rego_value *));
	for (size_t i = 0; i < plan->path_count; i++) {
		row->values[i] = plan->path[i] != NULL ? rego_value_of(eval, frame, plan->path[i]) : &rego_true;
		if (row->values[i] == NULL)
			return REGO_FAILED;
	}
	*collector->last_row = row;
	collector->last_row = &row->next;
	return REGO_NEXT;
}

static enum rego_flow resume(struct rego_eval *eval, struct rego_frame *frame, struct rego_collector *collector)
{
	struct rego_world *inside = eval->world;
	eval->world = collector->world;
	enum rego_flow flow = rego_run(eval, frame, collector->plan, collector->at, collector->outer);
	eval->world = inside;
	return flow;
}

static enum rego_flow finish(struct rego_eval *eval, struct rego_frame *frame, const struct rego_plan *plan,
			     struct rego_collector *collector)
{
	const struct rego_value *value;
	switch (plan->end) {
	case REGO_END_VALUE:
		return add_value(eval, frame, plan, collector);
	case REGO_END_MEMBER:
		value = rego_value_of(eval, frame, plan->value);
		if (value == NULL || !rego_list_add(eval->work, &collector->list, value))
			return REGO_FAILED;
		return plan->constant ? REGO_ENOUGH : REGO_NEXT;
	case REGO_END_PAIR:
		return add_pair(eval, frame, plan, collector);
	case REGO_END_ENTRY:
		return rego_add_entry(eval, frame, plan, collector) ? REGO_NEXT : REGO_FAILED;
	case REGO_END_EXISTS:
		collector->found = true;
		return REGO_ENOUGH;
	case REGO_END_RESUME:
		return resume(eval, frame, collector);
	default:
		return add_row(eval, frame, plan, collector);
	}
}

enum rego_flow rego_run(struct rego_eval *eval, struct rego_frame *frame, const struct rego_plan *plan, size_t at,
			struct rego_collector *collector)
{
	enum rego_flow flow;
	struct rego_place place = {0, 0};
	if (!rego_descend(eval->work))
		return REGO_FAILED;
	for (; at < plan->count; at++) {
		const struct rego_step *step = plan->steps[at];
		place = step->place;
		if (!rego_spend(eval->work, 1))
			return rego_failed_at(eval, frame, place);
		if (step->iterates) {
			flow = rego_iterate(eval, frame, plan, at, collector);
			return flow == REGO_FAILED ? rego_failed_at(eval, frame, place) : flow;
		}
		flow = run_step(eval, frame, step);
		if (flow != REGO_ENOUGH)
			return flow == REGO_FAILED ? rego_failed_at(eval, frame, place) : REGO_NEXT;
	}
	flow = finish(eval, frame, plan, collector);
	if (place.line == 0 && frame->clause->rule != NULL)
		place = frame->clause->rule->place;
	return flow == REGO_FAILED ? rego_failed_at(eval, frame, place) : flow;
}
