#include "cache.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "key.h"

#define HUGE_PAGE ((size_t)2 << 20)
#define LARGE     (HUGE_PAGE / 4)

/* Memory that was used already is filled in a fraction of the time. */
enum { SPARES = 4, SPARE_SHARE = 16 /* of the budget, at most, in one of them */ };

struct room {
	uint8_t *bytes;
	size_t size;
	bool large; /* it is cache->memory's */
};

struct entry {
	struct entry *next;
	uint64_t id;
	struct room room;
	size_t held;               /* bytes of the message that are here: all but the hole */
	size_t hole, hole_end;     /* offsets in the message; the same when there is none */
	uint64_t served;           /* bytes copied out of it so far */
	uint64_t used;             /* clock value of the last use */
	unsigned users;            /* threads that copy from it or fill it */
	enum { FILLING, READY, DEAD } state;
};

struct ct_cache {
	pthread_mutex_t lock; /* guards all below and every entry's fields but its bytes */
	pthread_cond_t filled;
	struct entry *entries;
	uint64_t held, held_rests, budget, rests, clock;
	struct room spares[SPARES];
	const struct ct_cache_memory *memory;
};

int ct_cache_new(struct ct_cache **out, uint64_t budget, uint64_t rest, const struct ct_cache_memory *memory,
		 struct ct_error *err)
{
	struct ct_cache *cache = calloc(1, sizeof *cache);
	if (cache == NULL)
		return ct_fail_nomem(err);
	pthread_mutex_init(&cache->lock, NULL);
	pthread_cond_init(&cache->filled, NULL);
	cache->budget = budget;
	cache->rests = rest;
	cache->memory = memory;
	*out = cache;
	return 0;
}

/* --- memory, with the lock held --- */

static void room_free(const struct ct_cache *cache, struct room *room)
{
	if (room->bytes != NULL)
		ct_wipe(room->bytes, room->size);
	if (room->bytes != NULL && room->large)
		cache->memory->give(room->bytes, room->size);
	else
		free(room->bytes);
	*room = (struct room){0};
}

static struct room new_room(const struct ct_cache *cache, size_t size)
{
	if (cache->memory == NULL || size < LARGE)
		return (struct room){malloc(size), size, false};
	size = (size + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
	return (struct room){size > 0 ? cache->memory->take(size) : NULL, size, true};
}

static struct room take_room(struct ct_cache *cache, size_t need)
{
	for (size_t i = 0; i < SPARES; i++) {
		struct room spare = cache->spares[i];
		if (spare.size < need || spare.size / 4 > need)
			continue;
		cache->spares[i] = (struct room){0};
		return spare;
	}
	return new_room(cache, need > 0 ? need : 1);
}

/* The smallest of the spare ones and this one goes. */
static void give_room(struct ct_cache *cache, struct room *room)
{
	size_t smallest = 0;
	for (size_t i = 1; i < SPARES; i++)
		if (cache->spares[i].size < cache->spares[smallest].size)
			smallest = i;
	if (room->size <= cache->budget / SPARE_SHARE && room->size > cache->spares[smallest].size) {
		struct room larger = *room;
		*room = cache->spares[smallest];
		cache->spares[smallest] = larger;
	}
	room_free(cache, room);
}

/* --- entries, with the lock held --- */

static bool is_rest(const struct entry *entry)
{
	return entry->hole < entry->hole_end;
}

/* Take `entry` out of the list, and free it. */
static void drop(struct ct_cache *cache, struct entry *entry)
{
	struct entry **link = &cache->entries;
	while (*link != entry)
		link = &(*link)->next;
	*link = entry->next;
	cache->held -= entry->room.size;
	if (is_rest(entry))
		cache->held_rests -= entry->room.size;
	give_room(cache, &entry->room);
	free(entry);
}

/* Drop the least recently used idle entries until the budgets hold. */
static void trim(struct ct_cache *cache)
{
	bool rests;
	while ((rests = cache->held_rests > cache->rests) || cache->held > cache->budget) {
		struct entry *oldest = NULL;
		for (struct entry *e = cache->entries; e != NULL; e = e->next)
			if (e->users == 0 && (!rests || is_rest(e)) && (oldest == NULL || e->used < oldest->used))
				oldest = e;
		if (oldest == NULL)
			return;
		drop(cache, oldest);
	}
}

static struct entry *find(struct ct_cache *cache, uint64_t id)
{
	for (struct entry *e = cache->entries; e != NULL; e = e->next)
		if (e->id == id && e->state != DEAD)
			return e;
	return NULL;
}

/* A new entry that the caller is to fill. */
static struct entry *add(struct ct_cache *cache, uint64_t id, size_t size, size_t hole, size_t hole_end,
			 struct ct_error *err)
{
	struct entry *entry = calloc(1, sizeof *entry);
	size_t held = size - (hole_end - hole);
	if (entry != NULL)
		entry->room = take_room(cache, held);
	if (entry == NULL || entry->room.bytes == NULL) {
		free(entry);
		ct_fail_nomem(err);
		return NULL;
	}
	entry->id = id;
	entry->held = held;
	entry->hole = hole;
	entry->hole_end = hole_end;
	entry->users = 1;
	entry->used = ++cache->clock;
	entry->next = cache->entries;
	cache->entries = entry;
	cache->held += entry->room.size;
	if (is_rest(entry))
		cache->held_rests += entry->room.size;
	return entry;
}

/* One user fewer. */
static void release(struct ct_cache *cache, struct entry *entry)
{
	entry->users--;
	if (entry->users == 0 && (entry->state == DEAD || entry->served >= entry->held))
		drop(cache, entry);
	trim(cache);
}

static bool has(const struct entry *entry, size_t offset, size_t len)
{
	return offset + len <= entry->hole || offset >= entry->hole_end;
}

/* The entry that holds these bytes, with a user more; NULL: the caller has to open the message. */
static struct entry *find_bytes(struct ct_cache *cache, uint64_t id, size_t offset, size_t len)
{
	struct entry *entry;
	while ((entry = find(cache, id)) != NULL) {
		entry->users++;
		while (entry->state == FILLING)
			pthread_cond_wait(&cache->filled, &cache->lock);
		if (entry->state == READY && has(entry, offset, len))
			return entry;
		/* What another thread met with is its own affair; and what has gone elsewhere will not come back. */
		entry->state = DEAD;
		release(cache, entry);
	}
	return NULL;
}

/* With the lock held, which is not while bytes are copied. */
static void copy(struct ct_cache *cache, struct entry *entry, size_t offset, size_t len, uint8_t *to)
{
	size_t at = offset < entry->hole_end ? offset : offset - (entry->hole_end - entry->hole);
	entry->used = ++cache->clock;
	entry->served += len;
	pthread_mutex_unlock(&cache->lock);
	memcpy(to, entry->room.bytes + at, len);
	pthread_mutex_lock(&cache->lock);
}

/* With the lock held: what was copied from beside the hole belongs to it now; and where little is left it needs little room.
 * A message's first bytes lie on a page with the end of the one before it: these may not be wanted for long. */
static void widen(struct ct_cache *cache, struct entry *entry, size_t offset, size_t len)
{
	size_t end = offset + len, at = end == entry->hole ? offset : entry->hole;
	if (entry->users != 1 || (end != entry->hole && offset != entry->hole_end))
		return;
	memmove(entry->room.bytes + at, entry->room.bytes + at + len, entry->held - at - len);
	if (end == entry->hole)
		entry->hole = offset;
	else
		entry->hole_end = end;
	entry->held -= len;
	entry->served -= len;
	struct room old = entry->room;
	if (entry->held >= old.size / 4)
		return;
	struct room small = take_room(cache, entry->held);
	if (small.bytes == NULL)
		return;
	memcpy(small.bytes, old.bytes, entry->held);
	entry->room = small;
	cache->held -= old.size - small.size;
	cache->held_rests -= old.size - small.size;
	give_room(cache, &old);
}

static void filled(struct ct_cache *cache, struct entry *entry, int status)
{
	entry->state = status == 0 ? READY : DEAD;
	pthread_cond_broadcast(&cache->filled);
}

int ct_cache_read(struct ct_cache *cache, uint64_t id, size_t size, size_t offset, size_t len,
		  uint8_t *to, ct_cache_fill *fill, void *context, struct ct_error *err)
{
	int status = 0;
	pthread_mutex_lock(&cache->lock);
	struct entry *entry = find_bytes(cache, id, offset, len);
	if (entry == NULL && (entry = add(cache, id, size, size, size, err)) != NULL) {
		pthread_mutex_unlock(&cache->lock);
		status = fill(context, entry->room.bytes, err);
		pthread_mutex_lock(&cache->lock);
		filled(cache, entry, status);
	}
	if (entry == NULL)
		status = -1;
	if (status == 0)
		copy(cache, entry, offset, len, to);
	if (entry != NULL)
		release(cache, entry);
	pthread_mutex_unlock(&cache->lock);
	return status;
}

int ct_cache_take(struct ct_cache *cache, uint64_t id, size_t size, size_t offset, size_t len, uint8_t *to,
		  ct_cache_split *split, void *context, struct ct_error *err)
{
	int status = 0;
	pthread_mutex_lock(&cache->lock);
	struct entry *entry = find_bytes(cache, id, offset, len);
	if (entry != NULL) {
		copy(cache, entry, offset, len, to);
		if (is_rest(entry))
			widen(cache, entry, offset, len);
	} else if ((entry = add(cache, id, size, offset, offset + len, err)) != NULL) {
		pthread_mutex_unlock(&cache->lock);
		status = split(context, entry->room.bytes, err);
		pthread_mutex_lock(&cache->lock);
		filled(cache, entry, status);
	} else {
		status = -1;
	}
	if (entry != NULL)
		release(cache, entry);
	pthread_mutex_unlock(&cache->lock);
	return status;
}

/* --- the whole cache --- */

void ct_cache_free(struct ct_cache *cache)
{
	if (cache == NULL)
		return;
	while (cache->entries != NULL)
		drop(cache, cache->entries);
	for (size_t i = 0; i < SPARES; i++)
		room_free(cache, &cache->spares[i]);
	pthread_cond_destroy(&cache->filled);
	pthread_mutex_destroy(&cache->lock);
	free(cache);
}

void ct_cache_after_fork(struct ct_cache *cache)
{
	pthread_mutex_init(&cache->lock, NULL);
	pthread_cond_init(&cache->filled, NULL);
	/* Lists may be half changed: they are left behind, not walked. */
	cache->entries = NULL;
	cache->held = cache->held_rests = 0;
	memset(cache->spares, 0, sizeof cache->spares);
}
