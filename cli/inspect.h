/* What a model file holds, on stdout. */
#ifndef CT_INSPECT_H
#define CT_INSPECT_H

#include "model.h"

/* For people: a summary and a table of tensors. */
void inspect_text(const char *path, const struct ct_model *model);

/* For programs: one JSON object. -1 when memory ran out, which has been told. */
int inspect_json(const char *path, const struct ct_model *model);

#endif
