/* OpenSSL's own provider, but of ciphers and digests it tells only of those that are used here. The first fetch of one has
 * libcrypto set up all of its kind, of ciphers some 130, which took longer than all else that opening a model takes. */
#include <openssl/core.h>
#include <openssl/core_dispatch.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "internal.h"

typedef const OSSL_ALGORITHM *query_function(void *context, int operation, int *no_cache);
typedef void teardown_function(void *context);

/* What makes it; it has no public name. Weak: where libcrypto is no archive it cannot be had, and the whole provider does. */
extern OSSL_provider_init_fn ossl_default_provider_init __attribute__((weak));

enum { MOST = 8 };

/* The last of each is NULL. AES-256-CTR and -ECB are the random generator's, SHA-512 is Ed25519's, too. */
static const char *const ciphers[MOST] = {"AES-128-GCM", "AES-256-GCM", "ChaCha20-Poly1305", "AES-256-CTR", "AES-256-ECB"};
static const char *const digests[MOST] = {"MD5", "SHA1", "SHA2-256", "SHA2-384", "SHA2-512"};

/* Of libcrypto, and the same whoever asks: filled in once, from then on only read. */
static _Atomic(query_function *) query_all;
static _Atomic(teardown_function *) teardown_all;
static _Atomic(void *) asking; /* the context of one that is being made */
static const OSSL_ALGORITHM *offered_ciphers, *offered_digests;
static OSSL_ALGORITHM some_ciphers[MOST], some_digests[MOST];
static pthread_once_t chosen = PTHREAD_ONCE_INIT;

/* Is it the first of "NAME:OTHER-NAME:1.2.3"? */
static bool is_named(const OSSL_ALGORITHM *algorithm, const char *name)
{
	size_t len = strlen(name);
	return strncmp(algorithm->algorithm_names, name, len) == 0
	       && (algorithm->algorithm_names[len] == ':' || algorithm->algorithm_names[len] == '\0');
}

/* `some`, or all where one is missing: another version may have another name for it. */
static const OSSL_ALGORITHM *choose(const OSSL_ALGORITHM *all, const char *const *names, OSSL_ALGORITHM *some)
{
	size_t count = 0;
	for (; names[count] != NULL; count++) {
		const OSSL_ALGORITHM *at = all;
		while (at != NULL && at->algorithm_names != NULL && !is_named(at, names[count]))
			at++;
		if (at == NULL || at->algorithm_names == NULL)
			return all;
		some[count] = *at;
	}
	return some;
}

static void choose_all(void)
{
	int unused;
	query_function *query = atomic_load(&query_all);
	offered_ciphers = choose(query(atomic_load(&asking), OSSL_OP_CIPHER, &unused), ciphers, some_ciphers);
	offered_digests = choose(query(atomic_load(&asking), OSSL_OP_DIGEST, &unused), digests, some_digests);
}

static const OSSL_ALGORITHM *query(void *context, int operation, int *no_cache)
{
	const OSSL_ALGORITHM *all = atomic_load(&query_all)(context, operation, no_cache);
	return operation == OSSL_OP_CIPHER ? offered_ciphers : operation == OSSL_OP_DIGEST ? offered_digests : all;
}

static void teardown(void *context)
{
	atomic_load(&teardown_all)(context);
}

/* Nobody here asks for its name, or what TLS can do with it. */
static const OSSL_DISPATCH functions[] = {
	{OSSL_FUNC_PROVIDER_TEARDOWN, (void (*)(void))teardown},
	{OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query},
	{0, NULL},
};

static int start(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *core, const OSSL_DISPATCH **out, void **context)
{
	const OSSL_DISPATCH *all;
	bool has_query = false, has_teardown = false;
	if (!ossl_default_provider_init(handle, core, &all, context))
		return 0;
	*out = all;
	for (const OSSL_DISPATCH *at = all; at->function_id != 0; at++) {
		if (at->function_id == OSSL_FUNC_PROVIDER_QUERY_OPERATION) {
			atomic_store(&query_all, (query_function *)at->function);
			has_query = true;
		} else if (at->function_id == OSSL_FUNC_PROVIDER_TEARDOWN) {
			atomic_store(&teardown_all, (teardown_function *)at->function);
			has_teardown = true;
		}
	}
	if (has_query && has_teardown) {
		atomic_store(&asking, *context);
		if (pthread_once(&chosen, choose_all) == 0)
			*out = functions;
	}
	return 1;
}

bool ct_provider_load(OSSL_LIB_CTX *lib, OSSL_PROVIDER **provider)
{
	const char *name = "ctshim";
	*provider = NULL;
	if (ossl_default_provider_init == NULL)
		return true; /* the first fetch loads the default one */
	if (OSSL_PROVIDER_add_builtin(lib, name, start) == 1)
		*provider = OSSL_PROVIDER_load(lib, name);
	return *provider != NULL;
}
