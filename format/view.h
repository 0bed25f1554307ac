/* The view: the plaintext image of one model file, of exactly the file's length. Its header has the
 * reserved metadata removed and spaces in their place; its data is the tensors' plaintext.
 *
 * A view owns no descriptor: each read says where ciphertext comes from, and authentication proves
 * that it is the right one. Reads may run in any number of threads at once. */
#ifndef CT_VIEW_H
#define CT_VIEW_H

#include "model.h"

struct ct_view;
struct ct_cache_memory;

struct ct_view_options {
	const struct ct_crypto *crypto; /* must outlive the view */
	unsigned threads;               /* at most so many for one read; 0 counts as 1 */
	uint64_t cache;                 /* bytes of plaintext that it may keep beside; 0: as it sees fit */
	const struct ct_cache_memory *memory; /* where large pieces for that come from, or NULL; must outlive the view */
};

/* Make the view of an unlocked encrypted model, or of a plain one. The view takes the model over, also
 * when it fails. CT_E_ARGUMENT: the model is encrypted and not unlocked. */
int ct_view_new(struct ct_view **view, struct ct_model *model,
		const struct ct_view_options *options, struct ct_error *err);

/* Wipes plaintext and keys. NULL is allowed. No read may be under way. */
void ct_view_free(struct ct_view *view);

const struct ct_model *ct_view_model(const struct ct_view *view);

/* Read exactly `len` bytes at `offset`; offset + len must not pass the file's end (CT_E_ARGUMENT).
 * `source` is the encrypted file. Messages that lie whole in the range are opened in place, several in
 * parallel; parts of messages come through a small cache. On failure `bytes` is wiped (but after
 * EFAULT, when it cannot be) and *err names tensor and chunk: CT_E_AUTH, CT_E_IO, CT_E_NOMEM. */
int ct_view_read(struct ct_view *view, const struct ct_source *source, void *bytes, size_t len,
		 uint64_t offset, struct ct_error *err);

/* The same on at most `threads` threads, if that is less than the view's own limit. With one thread no other is
 * made, and nothing is asked of the C library but memory. */
int ct_view_read_on(struct ct_view *view, const struct ct_source *source, void *bytes, size_t len,
		    uint64_t offset, unsigned threads, struct ct_error *err);

/* The same for memory that nobody else sees before the call returns, and that is read once: of a message that lies in the range
 * in part, that part is opened in place, and only the rest is kept for whoever comes for it. */
int ct_view_fill(struct ct_view *view, const struct ct_source *source, void *bytes, size_t len,
		 uint64_t offset, unsigned threads, struct ct_error *err);

/* Check every tag of the file, on as many threads as the view may use, in 256 KiB for each. CT_E_AUTH names tensor and
 * chunk; CT_E_IO, CT_E_NOMEM. It says nothing of what the file will hold later: reads check again. */
int ct_view_verify(const struct ct_view *view, const struct ct_source *source, struct ct_error *err);

/* Write all of the image to `sink`, in the same way. A message goes there in pieces before its tag is known: nobody may see
 * any of it before the call has succeeded. */
int ct_view_copy(const struct ct_view *view, const struct ct_source *source, const struct ct_sink *sink,
		 struct ct_error *err);

/* See ct_cache_after_fork(). */
void ct_view_after_fork(struct ct_view *view);

#endif
