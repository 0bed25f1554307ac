/* Sets of code points. */
#include <string.h>

#include "regex_node.h"

bool rego_class_add(struct rego_work *work, struct rego_class *class, uint32_t low, uint32_t high)
{
	if (!rego_spend(work, 1))
		return false;
	if (class->count == class->capacity) {
		size_t capacity = class->capacity ? 2 * class->capacity : 4;
		struct rego_range *ranges = rego_alloc_array(work, capacity, sizeof *ranges);
		if (!ranges)
			return false;
		if (class->count)
			memcpy(ranges, class->ranges, class->count * sizeof *ranges);
		class->ranges = ranges;
		class->capacity = capacity;
	}
	class->ranges[class->count++] = (struct rego_range){low, high};
	return true;
}

static void sift(struct rego_range *ranges, size_t root, size_t count)
{
	for (size_t child; (child = 2 * root + 1) < count; root = child) {
		if (child + 1 < count && ranges[child].low < ranges[child + 1].low)
			child++;
		if (ranges[root].low >= ranges[child].low)
			return;
		struct rego_range swap = ranges[root];
		ranges[root] = ranges[child];
		ranges[child] = swap;
	}
}

static bool is_sorted(const struct rego_class *class)
{
	for (size_t i = 1; i < class->count; i++) {
		if (class->ranges[i - 1].low > class->ranges[i].low)
			return false;
	}
	return true;
}

bool rego_class_tidy(struct rego_work *work, struct rego_class *class)
{
	size_t kept = 0;
	if (!rego_spend(work, class->count * 4))
		return false;
	if (!is_sorted(class)) {
		for (size_t i = class->count / 2; i-- > 0;)
			sift(class->ranges, i, class->count);
		for (size_t i = class->count; i-- > 1;) {
			struct rego_range swap = class->ranges[0];
			class->ranges[0] = class->ranges[i];
			class->ranges[i] = swap;
			sift(class->ranges, 0, i);
		}
	}
	for (size_t i = 0; i < class->count; i++) {
		struct rego_range range = class->ranges[i];
		struct rego_range *last = kept ? &class->ranges[kept - 1] : NULL;
		if (last && range.low <= last->high + 1)
			last->high = range.high > last->high ? range.high : last->high;
		else
			class->ranges[kept++] = range;
	}
	class->count = kept;
	return true;
}

bool rego_class_negate(struct rego_work *work, struct rego_class *class)
{
	struct rego_class other = {0};
	uint32_t next = 0;
	for (size_t i = 0; i < class->count; i++) {
		if (class->ranges[i].low > next && !rego_class_add(work, &other, next, class->ranges[i].low - 1))
			return false;
		next = class->ranges[i].high + 1;
	}
	if (next <= REGO_LAST_POINT && !rego_class_add(work, &other, next, REGO_LAST_POINT))
		return false;
	*class = other;
	return true;
}

bool rego_class_has(const struct rego_class *class, uint32_t point)
{
	size_t low = 0, high = class->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (point < class->ranges[middle].low)
			high = middle;
		else if (point > class->ranges[middle].high)
			low = middle + 1;
		else
			return true;
	}
	return false;
}
