/* AES-GCM by intel-ipsec-mb, for processors with VAES and AVX-512: OpenSSL has code for these since 3.2, and before
 * that runs at 0.4 of this speed. ChaCha20-Poly1305 is OpenSSL's: there the two are as fast as each other.
 *
 * Debian and Ubuntu have a static library of it, which is linked in (Makefile): nothing is looked for in the process
 * that the library is loaded into. Of it come the functions below, 1.5 MB, and not its manager with all its
 * algorithms, 12 MB, which tests every one of them at start. The manager would hand out these very functions; their
 * types are those of its members. The functions for key schedules are in its header; the others are exported by its
 * shared library, but not in the header: the Makefile looks whether they are there, and ct_crypto_new() checks their
 * results against OpenSSL's before they are used.
 *
 * They keep no state but what they are given, and a number of the last error, which nobody reads. Registers are
 * cleared when they return (SAFE_DATA); what they leave on the stack is ciphertext. */
#include "aead_impl.h"

#ifdef CT_IPSEC_MB

#define NO_COMPAT_IMB_API_053 /* no macros called GCM and the like */
#include <intel-ipsec-mb.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#define DECLARE(type, name) extern __typeof__(*(type)0) name
#define DECLARE_GCM(bits)                                                                                     \
	DECLARE(aes_gcm_precomp_t, aes_gcm_precomp_##bits##_vaes_avx512);                                     \
	DECLARE(aes_gcm_init_t, aes_gcm_init_##bits##_vaes_avx512);                                           \
	DECLARE(aes_gcm_enc_dec_update_t, aes_gcm_enc_##bits##_update_vaes_avx512);                           \
	DECLARE(aes_gcm_enc_dec_update_t, aes_gcm_dec_##bits##_update_vaes_avx512);                           \
	DECLARE(aes_gcm_enc_dec_finalize_t, aes_gcm_enc_##bits##_finalize_vaes_avx512);                       \
	DECLARE(aes_gcm_enc_dec_finalize_t, aes_gcm_dec_##bits##_finalize_vaes_avx512)
DECLARE_GCM(128);
DECLARE_GCM(256);

struct gcm {
	void (*expand)(const void *key, void *schedule);
	aes_gcm_precomp_t precompute;
	aes_gcm_init_t init;
	/* by enum ct_direction */
	aes_gcm_enc_dec_update_t update[2];
	aes_gcm_enc_dec_finalize_t end[2];
};

#define FUNCTIONS(bits)                                                                                       \
	{                                                                                                     \
		.expand = aes_keyexp_##bits##_enc_avx2, .precompute = aes_gcm_precomp_##bits##_vaes_avx512,   \
		.init = aes_gcm_init_##bits##_vaes_avx512,                                                    \
		.update = {[CT_SEAL] = aes_gcm_enc_##bits##_update_vaes_avx512,                               \
			   [CT_OPEN] = aes_gcm_dec_##bits##_update_vaes_avx512},                              \
		.end = {[CT_SEAL] = aes_gcm_enc_##bits##_finalize_vaes_avx512,                                \
			[CT_OPEN] = aes_gcm_dec_##bits##_finalize_vaes_avx512},                               \
	}
static const struct gcm aes_128 = FUNCTIONS(128), aes_256 = FUNCTIONS(256);

/* A line of the cache; the header asks for it where it knows the system, and the compiler may rely on it then. */
enum { ALIGNMENT = 64 };

struct gcm_aead {
	struct ct_aead aead;
	const struct gcm *gcm;
	enum ct_direction direction;
	void *memory; /* what was allocated */
	_Alignas(ALIGNMENT) struct gcm_key_data key;
	_Alignas(ALIGNMENT) struct gcm_context_data context;
};

static struct gcm_aead *gcm_of(struct ct_aead *aead)
{
	return (struct gcm_aead *)aead;
}

static void gcm_free(struct ct_aead *aead)
{
	void *memory = gcm_of(aead)->memory;
	ct_wipe(aead, sizeof(struct gcm_aead));
	free(memory);
}

static int gcm_begin(struct ct_aead *aead, const uint8_t *nonce, struct ct_error *err)
{
	struct gcm_aead *gcm = gcm_of(aead);
	(void)err;
	gcm->gcm->init(&gcm->key, &gcm->context, nonce, NULL, 0);
	return 0;
}

static int gcm_update(struct ct_aead *aead, const uint8_t *in, uint8_t *out, size_t len, struct ct_error *err)
{
	struct gcm_aead *gcm = gcm_of(aead);
	(void)err;
	gcm->gcm->update[gcm->direction](&gcm->key, &gcm->context, out, in, len);
	return 0;
}

static int gcm_seal_end(struct ct_aead *aead, uint8_t *tag, struct ct_error *err)
{
	struct gcm_aead *gcm = gcm_of(aead);
	(void)err;
	gcm->gcm->end[gcm->direction](&gcm->key, &gcm->context, tag, CT_TAG_LEN);
	return 0;
}

static int gcm_open_end(struct ct_aead *aead, const uint8_t *tag, struct ct_error *err)
{
	uint8_t right[CT_TAG_LEN];
	gcm_seal_end(aead, right, err);
	int differs = CRYPTO_memcmp(right, tag, sizeof right);
	ct_wipe(right, sizeof right); /* with it a message that was changed could be passed off */
	return differs == 0 ? 0 : ct_fail(err, CT_E_AUTH, "authentication failed");
}

static const struct ct_aead_calls calls = {
	.free = gcm_free,
	.begin = gcm_begin,
	.update = gcm_update,
	.seal_end = gcm_seal_end,
	.open_end = gcm_open_end,
};

int ct_aead_ipsec_mb_new(struct ct_aead **out, enum ct_cipher cipher, const struct ct_key *key,
			 enum ct_direction direction, struct ct_error *err)
{
	/* Aligned by hand: the library's own heap has no posix_memalign(). */
	char *memory = calloc(1, sizeof(struct gcm_aead) + ALIGNMENT - 1);
	if (memory == NULL)
		return ct_fail_nomem(err);
	struct gcm_aead *gcm = (void *)(memory + (-(uintptr_t)memory & (ALIGNMENT - 1)));
	gcm->aead.calls = &calls;
	gcm->memory = memory;
	gcm->direction = direction;
	gcm->gcm = cipher == CT_AES_128_GCM ? &aes_128 : &aes_256;
	gcm->gcm->expand(key->bytes, gcm->key.expanded_keys);
	gcm->gcm->precompute(&gcm->key);
	*out = &gcm->aead;
	return 0;
}

/* What OpenSSL found out about the processor and says in its second number: EBX and ECX of CPUID's leaf 7, without
 * AVX-512 where the system does not keep its registers. CPUID itself takes long under hypervisors. */
const char *ct_ipsec_mb_obstacle(void)
{
	static const char name[] = "OPENSSL_ia32cap=";
	enum { BMI2 = 8, AVX512F = 16, AVX512DQ = 17, AVX512BW = 30, AVX512VL = 31, VAES = 32 + 9, VPCLMULQDQ = 32 + 10 };
	static const uint64_t needed = UINT64_C(1) << BMI2 | UINT64_C(1) << AVX512F | UINT64_C(1) << AVX512DQ
				       | UINT64_C(1) << AVX512BW | UINT64_C(1) << AVX512VL | UINT64_C(1) << VAES
				       | UINT64_C(1) << VPCLMULQDQ;
	const char *settings = OPENSSL_info(OPENSSL_INFO_CPU_SETTINGS);
	const char *second = settings != NULL && strncmp(settings, name, sizeof name - 1) == 0 ? strchr(settings, ':')
											       : NULL;
	uint64_t features = second != NULL ? strtoull(second + 1, NULL, 16) : 0;
	return (features & needed) == needed ? NULL : "it needs a processor with VAES, VPCLMULQDQ and AVX-512";
}

#else

int ct_aead_ipsec_mb_new(struct ct_aead **aead, enum ct_cipher cipher, const struct ct_key *key,
			 enum ct_direction direction, struct ct_error *err)
{
	(void)aead, (void)cipher, (void)key, (void)direction;
	return ct_fail(err, CT_E_CRYPTO, "%s", ct_ipsec_mb_obstacle());
}

const char *ct_ipsec_mb_obstacle(void)
{
	return "it is not part of this build";
}

#endif
