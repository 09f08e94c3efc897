/* SPDX-License-Identifier: MIT */
/*
 * app/sandbox.h: gives up what a server never does again once it has started, so that who finds a
 * way to run code in it finds little to do there.
 */
#ifndef TIDINGS_APP_SANDBOX_H
#define TIDINGS_APP_SANDBOX_H

/* From now on, for all threads there are and will be: executing a file gives nobody more
 * privileges; other processes of the user cannot read this one's memory (nor does a crash leave it
 * on the disk); and only the system calls of a server pass. What the kernel does not offer is
 * logged. */
void sandbox_enter(void);

#endif
