#include "cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "key.h"

struct entry {
	struct entry *next;
	uint64_t id;
	size_t size;
	uint8_t *bytes;
	uint64_t served; /* bytes copied out of it so far */
	uint64_t used;   /* clock value of the last use */
	unsigned users;  /* threads that copy from it or fill it */
	enum { FILLING, READY, FAILED } state;
};

struct ct_cache {
	pthread_mutex_t lock; /* guards all below and every entry's fields but its bytes */
	pthread_cond_t filled;
	struct entry *entries;
	uint64_t held, budget, clock;
};

int ct_cache_new(struct ct_cache **out, uint64_t budget, struct ct_error *err)
{
	struct ct_cache *cache = calloc(1, sizeof *cache);
	if (cache == NULL)
		return ct_fail_nomem(err);
	pthread_mutex_init(&cache->lock, NULL);
	pthread_cond_init(&cache->filled, NULL);
	cache->budget = budget;
	*out = cache;
	return 0;
}

static void entry_free(struct entry *entry)
{
	if (entry->bytes != NULL)
		ct_wipe(entry->bytes, entry->size);
	free(entry->bytes);
	free(entry);
}

void ct_cache_free(struct ct_cache *cache)
{
	if (cache == NULL)
		return;
	while (cache->entries != NULL) {
		struct entry *entry = cache->entries;
		cache->entries = entry->next;
		entry_free(entry);
	}
	pthread_cond_destroy(&cache->filled);
	pthread_mutex_destroy(&cache->lock);
	free(cache);
}

void ct_cache_after_fork(struct ct_cache *cache)
{
	pthread_mutex_init(&cache->lock, NULL);
	pthread_cond_init(&cache->filled, NULL);
	/* The list may be half changed: it is left behind, not walked. */
	cache->entries = NULL;
	cache->held = 0;
}

/* With the lock held: take `entry` out of the list. */
static void unlink_entry(struct ct_cache *cache, struct entry *entry)
{
	struct entry **link = &cache->entries;
	while (*link != entry)
		link = &(*link)->next;
	*link = entry->next;
	cache->held -= entry->size;
}

/* With the lock held: drop the least recently used idle entries until the budget holds. */
static void trim(struct ct_cache *cache)
{
	while (cache->held > cache->budget) {
		struct entry *oldest = NULL;
		for (struct entry *e = cache->entries; e != NULL; e = e->next)
			if (e->users == 0 && (oldest == NULL || e->used < oldest->used))
				oldest = e;
		if (oldest == NULL)
			return;
		unlink_entry(cache, oldest);
		entry_free(oldest);
	}
}

static struct entry *find(struct ct_cache *cache, uint64_t id)
{
	for (struct entry *e = cache->entries; e != NULL; e = e->next)
		if (e->id == id && e->state != FAILED)
			return e;
	return NULL;
}

/* With the lock held: a new entry that the caller is to fill. */
static struct entry *add(struct ct_cache *cache, uint64_t id, size_t size, struct ct_error *err)
{
	struct entry *entry = calloc(1, sizeof *entry);
	if (entry == NULL || (entry->bytes = malloc(size > 0 ? size : 1)) == NULL) {
		free(entry);
		ct_fail_nomem(err);
		return NULL;
	}
	entry->id = id;
	entry->size = size;
	entry->next = cache->entries;
	cache->entries = entry;
	cache->held += size;
	return entry;
}

/* With the lock held: one user fewer. */
static void release(struct ct_cache *cache, struct entry *entry)
{
	entry->users--;
	if (entry->users == 0 && (entry->state == FAILED || entry->served >= entry->size)) {
		unlink_entry(cache, entry);
		entry_free(entry);
	}
	trim(cache);
}

int ct_cache_read(struct ct_cache *cache, uint64_t id, size_t size, size_t offset, size_t len,
		  uint8_t *to, ct_cache_fill *fill, void *context, struct ct_error *err)
{
	int status = 0;
	pthread_mutex_lock(&cache->lock);
	struct entry *entry = find(cache, id);
	if (entry == NULL) {
		entry = add(cache, id, size, err);
		if (entry == NULL) {
			pthread_mutex_unlock(&cache->lock);
			return -1;
		}
		entry->users++;
		pthread_mutex_unlock(&cache->lock);
		status = fill(context, entry->bytes, err);
		pthread_mutex_lock(&cache->lock);
		entry->state = status == 0 ? READY : FAILED;
		pthread_cond_broadcast(&cache->filled);
	} else {
		entry->users++;
		while (entry->state == FILLING)
			pthread_cond_wait(&cache->filled, &cache->lock);
		if (entry->state == FAILED) {
			/* The other thread's error is its own: find out again. */
			release(cache, entry);
			pthread_mutex_unlock(&cache->lock);
			return ct_cache_read(cache, id, size, offset, len, to, fill, context, err);
		}
	}
	if (status == 0) {
		entry->used = ++cache->clock;
		entry->served += len;
		pthread_mutex_unlock(&cache->lock);
		memcpy(to, entry->bytes + offset, len);
		pthread_mutex_lock(&cache->lock);
	}
	release(cache, entry);
	pthread_mutex_unlock(&cache->lock);
	return status;
}
