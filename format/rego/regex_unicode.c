/* What Unicode says of code points: regex_table.h.
 *
 * `kinds` has runs of code points from 0 on that are of one general category and one script: length (varint), number of the
 * category, number of the script. */
#include <string.h>

#include "regex_node.h"
#include "regex_table.h"

enum { CATEGORY_COUNT = sizeof category_names / sizeof *category_names };
enum { SCRIPT_COUNT = sizeof script_names / sizeof *script_names };
enum { FOLD_COUNT = sizeof folds / sizeof *folds };

/* Which categories a name means, as bits: "L" all that begin so. */
static uint32_t categories_of(const char *name, size_t len)
{
	uint32_t bits = 0;
	if (len == 0 || len > 2)
		return 0;
	for (size_t i = 0; i < CATEGORY_COUNT; i++) {
		/* "C" is without what is not assigned. */
		if (memcmp(category_names[i], name, len) == 0 && (len == 2 || strcmp(category_names[i], "Cn") != 0))
			bits |= (uint32_t)1 << i;
	}
	return bits;
}

static size_t script_of(const char *name, size_t len)
{
	for (size_t i = 0; i < SCRIPT_COUNT; i++) {
		if (strlen(script_names[i]) == len && memcmp(script_names[i], name, len) == 0)
			return i + 1;
	}
	return 0;
}

bool rego_class_add_unicode(struct rego_work *work, struct rego_class *class, const char *name, size_t len,
			    bool *known)
{
	*known = true;
	if (len == 3 && memcmp(name, "Any", 3) == 0)
		return rego_class_add(work, class, 0, REGO_LAST_POINT);
	uint32_t categories = categories_of(name, len), at = 0;
	size_t wanted = categories ? 0 : script_of(name, len);
	*known = categories || wanted;
	if (!*known)
		return true;
	for (size_t i = 0; i < sizeof kinds;) {
		uint32_t run = 0;
		unsigned shift = 0;
		do {
			run |= (uint32_t)(kinds[i] & 0x7f) << shift;
			shift += 7;
		} while (kinds[i++] & 0x80);
		unsigned category = kinds[i++], script = kinds[i++];
		bool take = wanted ? script == wanted : categories >> category & 1;
		if (take && !rego_class_add(work, class, at, at + run - 1))
			return false;
		at += run;
	}
	return rego_spend(work, 500);
}

uint32_t rego_fold_next(uint32_t point)
{
	for (size_t i = 0; i < FOLD_COUNT && folds[i].first <= point; i++) {
		if (point <= folds[i].last && (point - folds[i].first) % folds[i].step == 0)
			return (uint32_t)((int32_t)point + folds[i].delta);
	}
	return point;
}

/* Adds the neighbours in their circles of the points in `range`. */
static bool add_neighbours(struct rego_work *work, struct rego_class *class, struct rego_range range)
{
	if (!rego_spend(work, FOLD_COUNT))
		return false;
	for (size_t i = 0; i < FOLD_COUNT && folds[i].first <= range.high; i++) {
		const struct fold *fold = &folds[i];
		uint32_t low = range.low > fold->first ? range.low : fold->first,
			 high = range.high < fold->last ? range.high : fold->last;
		low += (fold->step - (low - fold->first) % fold->step) % fold->step;
		if (fold->step == 1 && low <= high) {
			if (!rego_class_add(work, class, (uint32_t)((int32_t)low + fold->delta),
					    (uint32_t)((int32_t)high + fold->delta)))
				return false;
			continue;
		}
		for (uint32_t point = low; point <= high; point += fold->step) {
			uint32_t other = (uint32_t)((int32_t)point + fold->delta);
			if (!rego_class_add(work, class, other, other))
				return false;
		}
	}
	return true;
}

bool rego_class_fold(struct rego_work *work, struct rego_class *class)
{
	/* No circle has more than four points. */
	for (int round = 0; round < 3; round++) {
		size_t count = class->count;
		for (size_t i = 0; i < count; i++) {
			struct rego_range range = class->ranges[i];
			if (!add_neighbours(work, class, range))
				return false;
		}
		if (!rego_class_tidy(work, class))
			return false;
	}
	return true;
}
