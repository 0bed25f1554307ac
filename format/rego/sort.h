/* Sorting of values: stable, n log n whatever the order was. */
#ifndef REGO_SORT_H
#define REGO_SORT_H

#include "value.h"

/* Elements are `width` pointers each, of which the first is compared. False when the work has failed. */
bool rego_sort(struct rego_work *work, const struct rego_value **elements, size_t count, size_t width);

#endif
