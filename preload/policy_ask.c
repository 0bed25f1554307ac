#include "policy_ask.h"

#include <string.h>

#include "audit.h"
#include "policy_config.h"

static unsigned wanted_by(const struct shim_policy_report *report, const char *module)
{
	unsigned wanted = shim_policy_wants(module, strlen(module));
	if (report->texts.all.len > 0)
		wanted |= shim_policy_wants(report->texts.all.data, report->texts.all.len);
	return wanted;
}

int shim_policy_report(struct shim_policy_report *report, const struct shim_policy_open *open,
		       const struct ct_model *model, const struct shim_policy_config *config, const char *input, bool all,
		       struct ct_error *err)
{
	const char *module = model->manifest.policy_local;
	struct ct_policy_module file = {.name = "", .text = module, .len = strlen(module)};
	*report = (struct shim_policy_report){
		.is_default = ct_policy_is_default(module), .has_operator = config->policy != NULL, .now = shim_policy_now()};
	if (report->is_default)
		report->file.outcome = CT_POLICY_ALLOWS;
	if (!report->has_operator)
		report->operators.outcome = CT_POLICY_ALLOWS;
	if (report->is_default && !report->has_operator && !all)
		return 0;
	if (shim_policy_texts_read(&report->texts, config, err) < 0)
		return -1;
	if (input != NULL)
		ct_buffer_puts(&report->input, input);
	else if (shim_policy_input(&report->input, open, model, config, &report->texts.input,
				   all ? (unsigned)SHIM_WANT_ALL : wanted_by(report, module), report->now, err) < 0)
		return -1;
	if (ct_buffer_check(&report->input, err) < 0)
		return -1;
	const struct ct_buffer *data = &report->texts.data;
	struct ct_policy_world world = {.input = report->input.data, .input_len = report->input.len,
					.data = data->len > 0 ? data->data : NULL, .data_len = data->len, .now = report->now,
					.crypto = open->crypto};
	if (!report->is_default)
		ct_policy_judge(&file, 1, &world, &report->file);
	if (report->has_operator && report->file.outcome == CT_POLICY_ALLOWS)
		ct_policy_judge(report->texts.modules, report->texts.count, &world, &report->operators);
	return 0;
}

void shim_policy_report_clear(struct shim_policy_report *report)
{
	shim_policy_texts_clear(&report->texts);
	ct_buffer_free(&report->input);
}

/* From the verdicts to the error that tells of a denial. */
static int conclude(const struct shim_policy_report *report, struct shim_decision *decision, struct ct_error *err)
{
	const struct ct_policy_verdict *file = &report->file, *operators = &report->operators;
	decision->allowed = file->outcome == CT_POLICY_ALLOWS && operators->outcome == CT_POLICY_ALLOWS;
	if (decision->allowed)
		return 0;
	bool by_file = file->outcome != CT_POLICY_ALLOWS;
	const struct ct_policy_verdict *verdict = by_file ? file : operators;
	decision->by = by_file ? "file" : "operator";
	decision->why = verdict->why;
	const char *whose = by_file ? "the policy in the file" : "the operator's policy (CTSHIM_POLICY)";
	if (verdict->outcome == CT_POLICY_DENIES)
		return ct_fail(err, CT_E_POLICY, "%s denies loading: %s: ctshim policy explain shows what it saw", whose,
			       verdict->why);
	return ct_fail(err, CT_E_POLICY, "%s fails, so loading is denied: %s", whose, verdict->why);
}

static int record(const struct shim_policy_open *open, const struct ct_model *model,
		  const struct shim_policy_config *config, const struct shim_decision *decision, struct ct_error *err)
{
	struct ct_error reason;
	if (!open->audit || config->audit == NULL || shim_audit(open, model, config, decision, &reason) == 0)
		return 0;
	if (!config->audit_required || !decision->allowed) {
		if (open->complain != NULL)
			open->complain(open->path, reason.message);
		return 0;
	}
	return ct_fail(err, CT_E_POLICY, "%s, and CTSHIM_AUDIT_REQUIRED is 1: loading is denied", reason.message);
}

bool shim_policy_is_idle(const struct shim_policy_config *config, const struct ct_model *model)
{
	return config->policy == NULL && config->audit == NULL && ct_policy_is_default(model->manifest.policy_local);
}

int shim_policy_ask(const struct shim_policy_open *open, const struct ct_model *model, struct ct_error *err)
{
	struct shim_policy_config config;
	struct shim_policy_report report;
	struct shim_decision decision = {.by = "configuration", .file_policy = model->manifest.policy_local};
	struct ct_error reason;
	if (shim_policy_config_read(&config, err) < 0)
		return -1;
	if (shim_policy_is_idle(&config, model))
		return 0;
	int status = shim_policy_report(&report, open, model, &config, NULL, false, err);
	if (status == 0)
		status = conclude(&report, &decision, err);
	else
		decision.why = err->message;
	decision.operator_policy = &report.texts.all;
	decision.now = report.now;
	if (record(open, model, &config, &decision, &reason) < 0) {
		*err = reason;
		status = -1;
	}
	shim_policy_report_clear(&report);
	return status;
}
