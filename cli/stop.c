#include "stop.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
static atomic_int came;

static void note(int number)
{
	atomic_store(&came, number);
}

void stop_watch(void)
{
	struct sigaction action = {.sa_handler = note}, before;
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
	signal(SIGXFSZ, SIG_IGN);
}

bool stop_requested(void)
{
	return atomic_load_explicit(&came, memory_order_relaxed) != 0;
}

void stop_die(void)
{
	int number = atomic_load(&came);
	if (number == 0)
		return;
	signal(number, SIG_DFL);
	raise(number);
}
