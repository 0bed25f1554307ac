#include "sort.h"

#include <string.h>

#define FEW 12 /* elements that are inserted one by one */

static void insert_each(struct rego_work *work, const struct rego_value **elements, size_t count, size_t width)
{
	for (size_t i = 1; i < count; i++) {
		size_t to = i;
		while (to > 0 && rego_compare(work, elements[(to - 1) * width], elements[i * width]) > 0)
			to--;
		if (to == i)
			continue;
		const struct rego_value *moved[2];
		memcpy(moved, elements + i * width, width * sizeof *moved);
		memmove(elements + (to + 1) * width, elements + to * width, (i - to) * width * sizeof *moved);
		memcpy(elements + to * width, moved, width * sizeof *moved);
	}
}

static bool in_order(struct rego_work *work, const struct rego_value **elements, size_t count, size_t width)
{
	for (size_t i = 1; i < count; i++)
		if (rego_compare(work, elements[(i - 1) * width], elements[i * width]) > 0)
			return false;
	return true;
}

/* from[0..left) and from[left..count) are in order; to[] becomes both. */
static void merge(struct rego_work *work, const struct rego_value **to, const struct rego_value **from, size_t left,
		  size_t count, size_t width)
{
	size_t a = 0, b = left;
	for (size_t i = 0; i < count; i++) {
		bool first = b == count || (a < left && rego_compare(work, from[a * width], from[b * width]) <= 0);
		memcpy(to + i * width, from + (first ? a++ : b++) * width, width * sizeof *to);
	}
}

static bool merge_all(struct rego_work *work, const struct rego_value **elements, size_t count, size_t width)
{
	const struct rego_value **other = rego_alloc_array(work, count * width, sizeof *other);
	if (other == NULL)
		return false;
	for (size_t at = 0; at < count; at += FEW)
		insert_each(work, elements + at * width, count - at < FEW ? count - at : FEW, width);
	const struct rego_value **from = elements, **to = other;
	for (size_t size = FEW; size < count; size *= 2) {
		for (size_t at = 0; at < count; at += 2 * size) {
			size_t both = count - at < 2 * size ? count - at : 2 * size;
			merge(work, to + at * width, from + at * width, both < size ? both : size, both, width);
		}
		const struct rego_value **swap = from;
		from = to;
		to = swap;
	}
	if (from != elements)
		memcpy(elements, from, count * width * sizeof *elements);
	return !rego_failed(work);
}

bool rego_sort(struct rego_work *work, const struct rego_value **elements, size_t count, size_t width)
{
	if (count <= FEW) {
		insert_each(work, elements, count, width);
		return !rego_failed(work);
	}
	if (in_order(work, elements, count, width))
		return !rego_failed(work);
	return merge_all(work, elements, count, width);
}
