#include "convert.h"

#include <stdlib.h>
#include <string.h>

#include "model_file.h"
#include "out_tree.h"
#include "output.h"
#include "places.h"
#include "progress.h"
#include "say.h"
#include "stop.h"
#include "tree.h"

/* The state of one conversion. */
struct job {
	struct conversion *conversion;
	struct tree tree;
	bool *convert; /* for each entry */
	struct out_tree out;
	const char *base; /* where outputs go: the target itself, or the tree's */
	struct progress progress;
};

/* Other formats of weights are not encrypted, and a person may think that they are. */
static void warn_of_weights(const struct job *job)
{
	static const char *const suffixes[] = {".bin", ".pt", ".pth", ".ckpt", ".gguf", ".ggml", ".onnx",
					       ".h5", ".msgpack", ".npz", ".pkl", ".tflite"};
	for (size_t i = 0; i < job->tree.count; i++) {
		const struct tree_entry *entry = &job->tree.entries[i];
		const char *dot = strrchr(entry->name, '.');
		if (entry->directory || entry->model || dot == NULL)
			continue;
		for (size_t s = 0; s < sizeof suffixes / sizeof *suffixes; s++)
			if (strcmp(dot, suffixes[s]) == 0)
				complainf("%s/%s: warning: copied as it is: only *.safetensors files are encrypted",
					  job->conversion->in, entry->name);
	}
}

static int check_models(struct job *job)
{
	struct conversion *conversion = job->conversion;
	struct ct_error err;
	size_t conversions = 0;
	for (size_t i = 0; i < job->tree.count; i++) {
		struct model_file file;
		if (!job->tree.entries[i].model)
			continue;
		char *path = tree_path(job->tree.root, &job->tree.entries[i]);
		int status = path != NULL ? model_file_open(&file, path, &err) : ct_fail_nomem(&err);
		conversion->current = path;
		if (status == 0) {
			status = conversion->check(conversion->context, file.model, job->tree.single,
						   &job->convert[i], &err);
			model_file_close(&file);
		}
		if (status < 0)
			complain(path, &err);
		free(path);
		if (status < 0)
			return -1;
		conversions += job->convert[i];
		if (stop_requested())
			return -1;
	}
	if (conversion->checked(conversion->context, conversions, &err) == 0)
		return 0;
	complain(conversion->in, &err);
	return -1;
}

/* Is the way free for everything that will be written? */
static int check_outputs(const struct job *job)
{
	const struct conversion *conversion = job->conversion;
	struct ct_error err;
	if (places_check(&job->tree, conversion->out, conversion->others, conversion->other_count, &err) < 0
	    || (!job->tree.single && out_tree_check(conversion->out, conversion->force, &err) < 0)) {
		complain(conversion->out, &err);
		return -1;
	}
	for (size_t i = 0; i < job->tree.count; i++) {
		if (job->tree.entries[i].directory)
			continue;
		char *path = tree_path(conversion->out, &job->tree.entries[i]);
		int status = path != NULL ? output_check(path, conversion->force, &err)
					  : ct_fail_nomem(&err);
		if (status < 0)
			complain(path, &err);
		free(path);
		if (status < 0)
			return -1;
	}
	return 0;
}

static int copy_bytes(const struct ct_source *source, const struct ct_sink *sink,
		      const struct ct_progress *progress, struct ct_error *err)
{
	enum { ROOM = 256 * 1024 };
	int status = 0;
	char *bytes = malloc(ROOM);
	if (bytes == NULL)
		return ct_fail_nomem(err);
	for (uint64_t at = 0; at < source->size && status == 0;) {
		size_t len = source->size - at < ROOM ? (size_t)(source->size - at) : ROOM;
		status = source->read_at(source->context, bytes, len, at, err);
		if (status == 0)
			status = sink->write_at(sink->context, bytes, len, at, err);
		if (status == 0 && progress->advance(progress->context, len) != 0)
			status = ct_fail(err, CT_E_STOPPED, "stopped");
		at += len;
	}
	free(bytes);
	return status;
}

static int convert_into(struct job *job, const char *path, struct output *output, struct ct_error *err)
{
	struct conversion *conversion = job->conversion;
	struct model_file file;
	if (model_file_open(&file, path, err) < 0)
		return -1;
	conversion->current = path;
	progress_file(&job->progress, path, file.file.source.size);
	int status = conversion->convert(conversion->context, file.model, &file.file.source, &output->sink,
					 &job->progress.advance, err);
	if (status == 0)
		status = file_source_unchanged(&file.file, err);
	job->conversion->bytes += file.file.source.size;
	model_file_close(&file);
	return status;
}

static int copy_into(struct job *job, const char *path, struct output *output, struct ct_error *err)
{
	struct file_source file;
	if (file_source_open(&file, path, err) < 0)
		return -1;
	progress_file(&job->progress, path, file.source.size);
	int status = copy_bytes(&file.source, &output->sink, &job->progress.advance, err);
	if (status == 0)
		status = file_source_unchanged(&file, err);
	file_source_close(&file);
	return status;
}

static int do_file(struct job *job, const struct tree_entry *entry, bool conversion)
{
	struct ct_error err;
	struct output output;
	int status = -1;
	char *from = tree_path(job->tree.root, entry), *to = tree_path(job->base, entry);
	if (from == NULL || to == NULL) {
		ct_fail_nomem(&err);
		complain(NULL, &err);
		goto out;
	}
	if (output_open(&output, to, job->conversion->force, &err) < 0) {
		complain(to, &err);
		goto out;
	}
	status = conversion ? convert_into(job, from, &output, &err) : copy_into(job, from, &output, &err);
	if (status < 0)
		output_discard(&output);
	else
		status = output_finish(&output, entry->mode, &err);
	progress_hide(&job->progress);
	if (status < 0)
		complain(from, &err);
	else if (conversion)
		job->conversion->converted++;
	else
		job->conversion->copied++;
out:
	free(from);
	free(to);
	return status;
}

static int do_tree(struct job *job)
{
	struct ct_error err;
	for (size_t i = 0; i < job->tree.count; i++) {
		const struct tree_entry *entry = &job->tree.entries[i];
		if (!entry->directory) {
			if (do_file(job, entry, job->convert[i]) < 0)
				return -1;
		} else if (out_tree_directory(&job->out, entry, &err) < 0) {
			complain(job->conversion->out, &err);
			return -1;
		}
	}
	return 0;
}

static int write_tree(struct job *job)
{
	struct ct_error err;
	if (out_tree_begin(&job->out, job->conversion->out, job->conversion->force, &err) < 0) {
		complain(job->conversion->out, &err);
		return -1;
	}
	job->base = job->out.base;
	if (do_tree(job) < 0) {
		out_tree_discard(&job->out);
		return -1;
	}
	if (out_tree_finish(&job->out, &job->tree, &err) < 0) {
		complain(job->conversion->out, &err);
		return -1;
	}
	return 0;
}

int convert(struct conversion *conversion)
{
	struct job job = {.conversion = conversion, .base = conversion->out};
	int status = -1;
	stop_watch();
	if (tree_scan(&job.tree, conversion->in) < 0)
		goto out;
	conversion->directory = !job.tree.single;
	job.convert = calloc(job.tree.count, sizeof *job.convert);
	if (job.convert == NULL) {
		complainf("out of memory");
		goto out;
	}
	if (check_outputs(&job) < 0 || check_models(&job) < 0)
		goto out;
	if (conversion->encrypts)
		warn_of_weights(&job);
	progress_init(&job.progress, job.tree.bytes);
	status = job.tree.single ? do_file(&job, &job.tree.entries[0], true) : write_tree(&job);
	progress_hide(&job.progress);
out:
	free(job.convert);
	tree_free(&job.tree);
	return status;
}
