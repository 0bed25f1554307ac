/* What the doctor found, on stdout. */
#ifndef CT_DOCTOR_OUT_H
#define CT_DOCTOR_OUT_H

#include <cjson/cJSON.h>

#include "doctor.h"
#include "doctor_model.h"

/* How many of a report's I/O functions have each fate (enum io_fate), every name counted once. */
void doctor_count(const struct doctor_report *report, size_t counts[static 3]);

/* For people; with `all`, every I/O function by name. */
void doctor_text(const struct doctor_report *report, bool all);
void model_check_text(const struct model_check *check);

/* For programs. The caller owns the trees. */
cJSON *doctor_json(const struct doctor_report *report);
cJSON *model_check_json(const struct model_check *check);

#endif
