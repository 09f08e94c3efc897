/* SPDX-License-Identifier: MIT */
/*
 * cli/hide.h: secrets on the command line, which every user of the machine can read (ps).
 */
#ifndef TIDINGS_CLI_HIDE_H
#define TIDINGS_CLI_HIDE_H

/* Gives the arguments on as copies, and writes over what is secret in those of the process: values
 * of options that take a secret, passwords and queries in URLs. The copies stay until the process
 * ends. For a moment, before this, the secrets could be seen: the environment and files are better
 * places for them. */
char **cli_hide_secrets(int argc, char **argv);

#endif
