/* Errors as values: a code for programs, one sentence for people.
 *
 * Every fallible function of crypto/ and format/ returns 0, or -1 with *err filled in.
 * `err` is never NULL. Nothing here prints, exits or keeps state; all of it is thread-safe.
 *
 * A message reads "what is wrong: what to do", without file name and without full stop: whoever
 * shows it knows the file and puts "ctshim: FILE: " in front. It never holds key material. */
#ifndef CT_ERROR_H
#define CT_ERROR_H

enum ct_code {
	CT_OK = 0,
	CT_E_NOMEM,     /* out of memory */
	CT_E_IO,        /* the operating system failed; sys holds errno */
	CT_E_FORMAT,    /* the file (or key file) breaks the rules of its format */
	CT_E_SIGNATURE, /* the header's signature does not verify */
	CT_E_KEY,       /* no key, a wrong key, a signer that is not trusted */
	CT_E_POLICY,    /* the access policy says no */
	CT_E_AUTH,      /* tensor data does not match its tag */
	CT_E_ARGUMENT,  /* the caller asked for something that cannot be */
	CT_E_CRYPTO,    /* the cryptographic library failed */
	CT_E_STOPPED,   /* the caller's progress function asked to stop */
};

struct ct_error {
	enum ct_code code;
	int sys;           /* errno with CT_E_IO, else 0 */
	char message[480]; /* NUL-terminated; cut at the end when longer */
};

/* Fill in `err` from a printf format; control characters that came in with names out of a file
 * are replaced by '?'. Returns -1, so that `return ct_fail(...)` reads well. */
int ct_fail(struct ct_error *err, enum ct_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* CT_E_IO with `sys` (an errno value) and its text behind the formatted message. Returns -1. */
int ct_fail_sys(struct ct_error *err, int sys, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* CT_E_NOMEM with the standard message. Returns -1. */
int ct_fail_nomem(struct ct_error *err);

/* The errno with which a system call reports `err` to a program; `at_read` tells a failing read
 * from a failing open. Source: the project's error table in README. */
int ct_error_errno(const struct ct_error *err, int at_read);

#endif
