/* PROGRAM HOW ends in the ways that there are, and reads a model in each handler on the way: see early.c, with which it is
 * linked. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern "C" void read_model(const char *when);

namespace {

struct Last {
	const char *when;
	bool armed = false;
	~Last()
	{
		if (armed)
			read_model(when);
	}
};

thread_local Last in_thread{"thread-local"};
Last in_program{"static"};
pthread_key_t key;

void at_key(void *)
{
	read_model("thread-key");
}

void *thread(void *)
{
	in_thread.armed = true;
	pthread_setspecific(key, &key);
	read_model("thread");
	return nullptr;
}

}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	read_model("main");
	if (strcmp(argv[1], "thread") == 0) {
		pthread_t other;
		pthread_key_create(&key, at_key);
		pthread_create(&other, nullptr, thread, nullptr);
		pthread_join(other, nullptr);
		_exit(0);
	}
	in_program.armed = true;
	in_thread.armed = true;
	atexit([] { read_model("atexit"); });
	at_quick_exit([] { read_model("at-quick-exit"); });
	on_exit([](int, void *) { read_model("on-exit"); }, nullptr);
	if (strcmp(argv[1], "quick") == 0)
		quick_exit(0);
	if (strcmp(argv[1], "thread-exit") == 0)
		pthread_exit(nullptr);
	return 0;
}
