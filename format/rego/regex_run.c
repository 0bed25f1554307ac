/* Running a program: all ways at once, in order of preference, one code point at a time. */
#include <string.h>

#include "regex_node.h"
#include "utf8.h"

/* Instructions that wait for a code point, in order of preference. A place is in the list when place[inst] is the number of an
 * entry that names it; nothing need be cleared for that. */
struct threads {
	uint32_t *place, *insts;
	size_t count;
	size_t *ends; /* of each entry: what it has saved */
};

struct todo {
	uint32_t inst;   /* NONE: put `old` back into ends[slot] */
	uint32_t slot;
	size_t old;
};

enum { NONE = UINT32_MAX };

struct rego_regex_machine {
	struct rego_work *work;
	const struct rego_regex *regex;
	const char *text;
	size_t len;
	size_t slots; /* ends to keep */
	struct threads now, next;
	struct todo *todo;
	size_t *ends; /* of the thread that is being added */
};

static bool is_word(const struct rego_regex_machine *m, size_t at)
{
	char c = m->text[at];
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool holds(const struct rego_regex_machine *m, uint32_t kind, size_t at)
{
	bool before = false, after = false;
	switch (kind) {
	case REGEX_BEGIN_TEXT: return at == 0;
	case REGEX_END_TEXT: return at == m->len;
	case REGEX_BEGIN_LINE: return at == 0 || m->text[at - 1] == '\n';
	case REGEX_END_LINE: return at == m->len || m->text[at] == '\n';
	default:
		before = at > 0 && is_word(m, at - 1);
		after = at < m->len && is_word(m, at);
		return (before != after) == (kind == REGEX_WORD);
	}
}

static bool is_in(const struct threads *threads, uint32_t inst)
{
	uint32_t place = threads->place[inst];
	return place < threads->count && threads->insts[place] == inst;
}

/* Adds all that can be reached from `inst` without a code point. The first way to an instruction is the preferred one. */
static void add(struct rego_regex_machine *m, struct threads *threads, uint32_t inst, size_t at)
{
	size_t depth = 0;
	m->todo[depth++] = (struct todo){.inst = inst};
	while (depth > 0) {
		struct todo todo = m->todo[--depth];
		if (todo.inst == NONE) {
			m->ends[todo.slot] = todo.old;
			continue;
		}
		if (is_in(threads, todo.inst))
			continue;
		uint32_t place = (uint32_t)threads->count++;
		threads->place[todo.inst] = place;
		threads->insts[place] = todo.inst;
		const struct rego_regex_inst *i = &m->regex->program[todo.inst];
		switch (i->op) {
		case OP_SPLIT:
			m->todo[depth++] = (struct todo){.inst = i->argument};
			m->todo[depth++] = (struct todo){.inst = i->next};
			break;
		case OP_SAVE:
			if (i->argument < m->slots) {
				m->todo[depth++] = (struct todo){NONE, i->argument, m->ends[i->argument]};
				m->ends[i->argument] = at;
			}
			m->todo[depth++] = (struct todo){.inst = i->next};
			break;
		case OP_ASSERT:
			if (holds(m, i->argument, at))
				m->todo[depth++] = (struct todo){.inst = i->next};
			break;
		default:
			if (m->slots)
				memcpy(threads->ends + place * m->slots, m->ends, m->slots * sizeof *m->ends);
			break;
		}
	}
}

static bool takes(const struct rego_regex_machine *m, const struct rego_regex_inst *inst, uint32_t point)
{
	switch (inst->op) {
	case OP_POINT: return inst->argument == point;
	case OP_CLASS: return rego_class_has(m->regex->classes[inst->argument], point);
	case OP_ANY: return true;
	case OP_NOT_NL: return point != '\n';
	default: return false;
	}
}

static bool prepare(struct rego_regex_machine *m, struct threads *threads)
{
	size_t count = m->regex->count;
	threads->place = rego_alloc_array(m->work, count, sizeof *threads->place);
	threads->insts = rego_alloc_array(m->work, count, sizeof *threads->insts);
	threads->ends = m->slots ? rego_alloc_array(m->work, count * m->slots, sizeof *threads->ends) : NULL;
	return threads->place && threads->insts && (threads->ends || !m->slots);
}

/* One code point for every thread; true: one has matched, those of less preference are gone. */
static bool step(struct rego_regex_machine *m, size_t at, uint32_t point, size_t size, size_t *best)
{
	m->next.count = 0;
	for (size_t i = 0; i < m->now.count; i++) {
		const struct rego_regex_inst *inst = &m->regex->program[m->now.insts[i]];
		const size_t *ends = m->slots ? m->now.ends + i * m->slots : NULL;
		if (inst->op == OP_MATCH) {
			if (m->slots) {
				memcpy(best, ends, m->slots * sizeof *best);
				best[1] = at;
			}
			return true;
		}
		if (size && takes(m, inst, point)) {
			if (m->slots)
				memcpy(m->ends, ends, m->slots * sizeof *ends);
			add(m, &m->next, inst->next, at + size);
		}
	}
	return false;
}

static bool run(struct rego_regex_machine *m, size_t from, size_t *best)
{
	bool matched = false;
	for (size_t at = from;; ) {
		uint32_t point = 0;
		size_t size = at < m->len ? rego_utf8_decode(m->text + at, m->len - at, &point) : 0;
		if (m->now.count == 0 && (matched || (m->regex->at_begin && at > 0)))
			return matched;
		if (!matched) {
			for (size_t i = 0; i < m->slots; i++)
				m->ends[i] = SIZE_MAX;
			if (m->slots)
				m->ends[0] = at;
			add(m, &m->now, m->regex->start, at);
		}
		if (!rego_spend(m->work, 1 + m->now.count))
			return false;
		if (step(m, at, point, size, best)) {
			matched = true;
			if (!m->slots)
				return true;
		}
		struct threads swap = m->now;
		m->now = m->next;
		m->next = swap;
		if (size == 0)
			return matched;
		at += size;
	}
}

struct rego_regex_machine *rego_regex_machine(struct rego_work *work, const struct rego_regex *regex, size_t groups)
{
	struct rego_regex_machine *m = rego_alloc(work, sizeof *m);
	if (!m)
		return NULL;
	m->work = work;
	m->regex = regex;
	m->slots = 2 * groups;
	if (!prepare(m, &m->now) || !prepare(m, &m->next))
		return NULL;
	m->todo = rego_alloc_array(work, 2 * regex->count + 2, sizeof *m->todo);
	m->ends = rego_alloc_array(work, m->slots, sizeof *m->ends);
	return m->todo && m->ends && rego_spend(work, 1 + regex->count / 16) ? m : NULL;
}

bool rego_regex_search(struct rego_regex_machine *machine, const char *text, size_t len, size_t from, size_t *ends)
{
	machine->text = text;
	machine->len = len;
	machine->now.count = machine->next.count = 0;
	bool matched = run(machine, from, ends);
	return matched && !rego_failed(machine->work);
}
