/* proc: what /proc knows of processes and of who listens. */

#ifndef RUNNER_PROC_H
#define RUNNER_PROC_H

#include <stdbool.h>
#include <sys/types.h>

/* True when a process of this session listens on the TCP port, on 127.0.0.1
 * or on all addresses. */
bool proc_listens(pid_t session, int port);

/* SIGKILL for every process of the session. */
void proc_kill_session(pid_t session);

/* SIGKILL for every child of this process; false when there is none. */
bool proc_kill_children(void);

#endif
