/* Standard input that is a model (`prog < model`). Its stream exists before anybody opens it, and reads
 * descriptor 0 without asking. Programs that use the stream get a memory file there; for all others
 * descriptor 0 stays the encrypted file, with the position that it shares with other processes, and
 * the stream is kept from it. */
#ifndef SHIM_INPUT_H
#define SHIM_INPUT_H

#include <stdbool.h>

/* Does the program, or a library that it was started with, use the stream? Looks at their dynamic
 * symbols; for use at start only. */
bool shim_input_uses_stream(void);

/* True: reading the stream is an error (EBADF) from now on, as descriptor 0 holds ciphertext. False:
 * it reads descriptor 0 again. Cheap; async-signal-safe. */
void shim_input_keep_stream(bool away);

#endif
